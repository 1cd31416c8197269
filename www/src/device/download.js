// Hands a file to the person, made on this device.

/**
 * @param {string} name
 * @param {string} type MIME type.
 * @param {string | Uint8Array} content
 */
export function saveFile(name, type, content) {
  const part = typeof content === 'string' ? content : new Uint8Array(content);
  const url = URL.createObjectURL(new Blob([part], { type }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The browser reads the blob after the click; it is let go once that has surely begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
