// Runs before the first paint, so that a dark page never flashes white, nor a board in colours that nobody chose.
{
  const { dataset } = document.documentElement;
  /** @param {string} key */
  const kept = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  dataset.theme = kept('rookery-theme') ?? 'auto';
  try {
    const { board, pieces } = JSON.parse(kept('rookery-settings') ?? '{}');
    dataset.board = String(board ?? 'slate');
    dataset.pieces = String(pieces ?? 'cburnett');
  } catch {
    // Somebody else wrote there.
  }
}
