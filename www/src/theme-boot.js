// Runs before the first paint, so that a dark page never flashes white.
try {
  document.documentElement.dataset.theme = localStorage.getItem('rookery-theme') ?? 'auto';
} catch {
  document.documentElement.dataset.theme = 'auto';
}
