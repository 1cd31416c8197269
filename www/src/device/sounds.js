// The sounds of the game, made when they are needed: knocks of wood and short tones.

/** @import { Happening } from '../table/happenings.js' */

/**
 * @typedef {object} Note
 * @property {number} at Seconds from the start.
 * @property {number} hz Of the tone, or of the wood that is knocked on.
 * @property {number} seconds
 * @property {number} level 0 to 1.
 * @property {boolean} [knock] Wood instead of a tone.
 */

/**
 * @param {number} at
 * @param {number} hz
 * @param {number} [level]
 * @returns {Note}
 */
const knock = (at, hz, level = 0.9) => ({ at, hz, seconds: 0.07, level, knock: true });

/**
 * @param {number} at
 * @param {number} hz
 * @param {number} [seconds]
 * @param {number} [level]
 * @returns {Note}
 */
const tone = (at, hz, seconds = 0.16, level = 0.35) => ({ at, hz, seconds, level });

/** @type {Record<Happening, Note[]>} */
export const SOUNDS = {
  move: [knock(0, 820)],
  capture: [knock(0, 560, 1), knock(0.055, 940)],
  check: [tone(0.04, 740, 0.1), tone(0.12, 988, 0.16)],
  start: [tone(0, 523), tone(0.11, 659), tone(0.22, 784, 0.26)],
  end: [tone(0, 784), tone(0.14, 659), tone(0.28, 523, 0.42)],
  offer: [tone(0, 880, 0.14), tone(0.15, 698, 0.22)],
  'low-time': [tone(0, 1175, 0.07), tone(0.13, 1175, 0.07), tone(0.26, 1175, 0.07)],
};

/**
 * @typedef {object} Sounds
 * @property {(name: Happening, volume: number) => void} play Volume 0 to 100. Nothing is heard before the person has touched
 *   the page, for browsers forbid it, and nothing is kept for later.
 */

/** @returns {Sounds} */
export function createSounds() {
  /** @type {AudioContext | null} */
  let context = null;
  /** @type {AudioBuffer | null} */
  let noise = null;

  /** Browsers let a page be heard only from within a touch or a key. */
  const wake = () => {
    try {
      context ??= new AudioContext();
      if (context.state === 'suspended') void context.resume();
    } catch {
      // Without a way to be heard the game goes on in silence.
    }
  };
  for (const type of ['pointerdown', 'keydown']) {
    addEventListener(type, wake, { capture: true, passive: true });
  }

  /** @param {AudioContext} playing */
  function noiseOf(playing) {
    if (noise) return noise;
    noise = playing.createBuffer(1, Math.ceil(playing.sampleRate * 0.1), playing.sampleRate);
    const samples = noise.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = Math.random() * 2 - 1;
    return noise;
  }

  return {
    play(name, volume) {
      if (context?.state !== 'running' || volume <= 0) return;
      const master = context.createGain();
      master.gain.value = (volume / 100) ** 2 * 0.6;
      master.connect(context.destination);
      for (const note of SOUNDS[name]) playNote(context, master, note, noiseOf(context));
    },
  };
}

/**
 * @param {AudioContext} context
 * @param {AudioNode} master
 * @param {Note} note
 * @param {AudioBuffer} noise
 */
function playNote(context, master, { at, hz, seconds, level, knock: wood }, noise) {
  const start = context.currentTime + at;
  const envelope = context.createGain();
  envelope.gain.setValueAtTime(0.0001, start);
  envelope.gain.exponentialRampToValueAtTime(level, start + 0.004);
  envelope.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
  envelope.connect(master);
  const body = context.createOscillator();
  body.type = wood ? 'sine' : 'triangle';
  body.frequency.setValueAtTime(wood ? hz / 3 : hz, start);
  body.connect(envelope);
  body.start(start);
  body.stop(start + seconds + 0.02);
  if (!wood) return;
  const source = context.createBufferSource();
  source.buffer = noise;
  const filter = context.createBiquadFilter();
  filter.type = 'bandpass';
  filter.frequency.value = hz;
  filter.Q.value = 2.5;
  source.connect(filter).connect(envelope);
  source.start(start, 0, seconds);
}
