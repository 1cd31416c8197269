// Time controls and how time is written: presets, labels, and the face of a clock.

/** @import { Clock } from '@rookery/peer' */

/**
 * What the form offers, in its order. Those without a clock ask for numbers.
 *
 * @type {readonly { id: string, clock?: Clock, name?: string }[]}
 */
export const PRESETS = [
  { id: '1+0', clock: { kind: 'live', initialS: 60, incrementS: 0 } },
  { id: '2+1', clock: { kind: 'live', initialS: 120, incrementS: 1 } },
  { id: '3+2', clock: { kind: 'live', initialS: 180, incrementS: 2 } },
  { id: '5+3', clock: { kind: 'live', initialS: 300, incrementS: 3 } },
  { id: '10+0', clock: { kind: 'live', initialS: 600, incrementS: 0 } },
  { id: '15+10', clock: { kind: 'live', initialS: 900, incrementS: 10 } },
  { id: '30+20', clock: { kind: 'live', initialS: 1800, incrementS: 20 } },
  { id: 'custom', name: 'Custom' },
  { id: '1d', clock: { kind: 'days', days: 1 } },
  { id: '3d', clock: { kind: 'days', days: 3 } },
  { id: 'days', name: 'Days…' },
  { id: 'none', clock: { kind: 'none' } },
];

/** A live clock below this is low, in ms. */
export const LOW_MS = 20_000;

/** Below this a clock shows tenths of a second. */
const TENTHS_BELOW_MS = 10_000;

/**
 * @param {Clock} clock
 * @returns {string} `5 + 3`, `1 day`, `Untimed`.
 */
export function clockLabel(clock) {
  if (clock.kind === 'none') return 'Untimed';
  if (clock.kind === 'days') return clock.days === 1 ? '1 day' : `${clock.days} days`;
  const minutes = clock.initialS / 60;
  const whole = Number.isInteger(minutes) ? String(minutes) : `${clock.initialS} s`;
  return `${whole} + ${clock.incrementS}`;
}

/**
 * The same in a sentence.
 *
 * @param {Clock} clock
 */
export function clockWords(clock) {
  if (clock.kind === 'none') return 'no clock';
  if (clock.kind === 'days') {
    return clock.days === 1 ? 'one day for each move' : `${clock.days} days for each move`;
  }
  const { initialS, incrementS } = clock;
  const start =
    initialS % 60 === 0
      ? `${initialS / 60} minute${initialS === 60 ? '' : 's'} each`
      : `${initialS} seconds each`;
  return incrementS === 0 ? start : `${start}, ${incrementS} s added a move`;
}

/**
 * The face of a clock. Whole seconds are rounded up, so 0:00 means that nothing is left.
 *
 * @param {number} ms Remaining time; below zero counts as zero.
 * @returns {string} `0:09.4`, `4:59`, `1:02:03`, `2 d 04:00`.
 */
export function clockFace(ms) {
  const left = Math.max(0, ms);
  if (left < TENTHS_BELOW_MS) {
    const tenths = Math.ceil(left / 100);
    if (tenths < 100) return `0:0${Math.floor(tenths / 10)}.${tenths % 10}`;
  }
  const total = Math.ceil(left / 1000);
  const days = Math.floor(total / 86_400);
  const hours = Math.floor((total % 86_400) / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  if (days > 0) return `${days} d ${two(hours)}:${two(minutes)}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(total % 60)}`;
  return `${minutes}:${two(total % 60)}`;
}

/**
 * Time for a screen reader, which should not hear tenths.
 *
 * @param {number} ms
 */
export function clockSpoken(ms) {
  const total = Math.ceil(Math.max(0, ms) / 1000);
  /** @type {string[]} */
  const parts = [];
  const add = (/** @type {number} */ n, /** @type {string} */ unit) => {
    if (n > 0) parts.push(`${n} ${unit}${n === 1 ? '' : 's'}`);
  };
  add(Math.floor(total / 86_400), 'day');
  add(Math.floor((total % 86_400) / 3600), 'hour');
  add(Math.floor((total % 3600) / 60), 'minute');
  if (total < 3600) add(total % 60, 'second');
  return parts.length > 0 ? parts.join(' ') : 'no time';
}

/**
 * The clock that a filled-in form asks for.
 *
 * @param {{ preset: string, minutes: string, increment: string, days: string }} form
 * @returns {{ clock: Clock } | { error: string }}
 */
export function chosenClock({ preset, minutes, increment, days }) {
  const clock = PRESETS.find(({ id }) => id === preset)?.clock;
  if (clock) return { clock };
  return preset === 'days' ? customDays(days) : customClock(minutes, increment);
}

/**
 * @param {string} text
 * @returns {{ clock: Clock } | { error: string }}
 */
export function customDays(text) {
  const days = Number(text);
  if (text.trim() === '' || !Number.isInteger(days) || days < 1 || days > 366) {
    return { error: 'Days for each move must be a whole number from 1 to 366.' };
  }
  return { clock: { kind: 'days', days } };
}

/**
 * Reads the custom fields of the form.
 *
 * @param {string} minutes
 * @param {string} increment Seconds.
 * @returns {{ clock: Clock } | { error: string }}
 */
export function customClock(minutes, increment) {
  const start = Number(minutes);
  const added = Number(increment);
  if (minutes.trim() === '' || !Number.isFinite(start) || start < 0.25 || start > 180) {
    return { error: 'Minutes must be between a quarter and 180.' };
  }
  if (increment.trim() === '' || !Number.isInteger(added) || added < 0 || added > 180) {
    return { error: 'Seconds added must be a whole number from 0 to 180.' };
  }
  return { clock: { kind: 'live', initialS: Math.round(start * 60), incrementS: added } };
}
