// The strength levels, as the engine's crate defines them.

/** @type {readonly import('./index.d.ts').LevelInfo[]} */
export const LEVELS = Object.freeze(
  [
    'Beginner',
    'Novice',
    'Casual',
    'Improver',
    'Club player',
    'Strong club player',
    'Expert',
    'Full strength',
  ].map((name, index) => Object.freeze({ level: index + 1, name })),
);
