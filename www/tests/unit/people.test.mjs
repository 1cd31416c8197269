import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cleanName,
  isBlocked,
  keyFromPaste,
  nameOf,
  NOBODY,
  peopleWho,
  person,
  readName,
  readPeople,
  withOwnName,
  withPerson,
  writeName,
} from '../../src/people/people.js';

const ANNA = 'a'.repeat(60) + '1234';
const BERT = 'b'.repeat(60) + '5678';

test('a name is short, on one line, and holds nothing that cannot be seen', () => {
  assert.equal(cleanName('  Anna \n\t Karenina '), 'Anna Karenina');
  assert.equal(cleanName('An\u200bna\u202e\u2066\ufeff\u00ad'), 'Anna');
  assert.equal(cleanName('x'.repeat(90)).length, 24);
  assert.equal(cleanName('\u200b \u3164 \u2800 \u0301'), '');
  assert.equal(cleanName('Z\u0301\u0301\u0301\u0301\u0301alg'), 'Ź\u0301\u0301alg');
  assert.equal(cleanName('<b>Bob</b>'), '<b>Bob</b>', 'markup is text, and drawn as text');
  assert.equal(cleanName('שלום'), 'שלום');
  assert.equal(cleanName(null), '');
  assert.equal(cleanName({}), '[object Object]');
});

test('who was given a name here is called by it; who took one, by it and the key', () => {
  let people = NOBODY;
  assert.equal(nameOf(people, ANNA), 'Player aaaa·1234');
  people = withPerson(people, ANNA, { claimed: 'Anna' });
  assert.equal(nameOf(people, ANNA), 'Anna (aaaa·1234)');
  people = withPerson(people, ANNA, { petname: 'My sister' });
  assert.equal(nameOf(people, ANNA), 'My sister');
});

test('nobody takes the name of somebody who is known here', () => {
  let people = withPerson(withOwnName(NOBODY, 'Carl'), ANNA, { claimed: 'Anna', contact: true });
  people = withPerson(people, BERT, { claimed: 'Аnnа' });
  assert.equal(nameOf(people, BERT), 'Player bbbb·5678', 'Cyrillic letters that look alike');
  people = withPerson(people, BERT, { claimed: 'C a r 1' });
  assert.equal(nameOf(people, BERT), 'Player bbbb·5678', 'nor the own one');
  people = withPerson(people, BERT, { claimed: 'Bert' });
  assert.equal(nameOf(people, BERT), 'Bert (bbbb·5678)');
});

test('people are read as they were kept, and nonsense is left out', () => {
  let people = withPerson(withOwnName(NOBODY, 'Me'), ANNA, {
    petname: 'A',
    contact: true,
    seenMs: 5,
  });
  people = withPerson(people, BERT, { blocked: true });
  assert.deepEqual(readPeople(JSON.stringify(people)), people);
  assert.ok(isBlocked(people, BERT) && !isBlocked(people, ANNA) && !isBlocked(people, null));
  assert.deepEqual(
    peopleWho(people, ({ contact }) => contact),
    [{ key: ANNA, name: 'A' }],
  );
  for (const text of [
    null,
    '',
    '[]',
    '{"known":7}',
    '{"known":{"x":{}}}',
    '{"own":5,"known":null}',
  ]) {
    assert.deepEqual(readPeople(text), NOBODY, String(text));
  }
  assert.equal(
    person(readPeople('{"known":{"__proto__":{"blocked":true}}}'), '__proto__').blocked,
    false,
  );
  assert.deepEqual(
    readPeople(`{"known":{"${ANNA}":{"claimed":"A\\u202eb","contact":"yes"}}}`).known[ANNA],
    { claimed: 'Ab', petname: '', contact: false, blocked: false, seenMs: 0 },
  );
});

test('strangers are forgotten before anybody who matters', () => {
  let people = withPerson(NOBODY, ANNA, { petname: 'A' });
  for (let i = 0; i < 320; i++) {
    people = withPerson(people, i.toString(16).padStart(64, '0'), {
      claimed: `N${i}`,
      seenMs: i + 1,
    });
  }
  assert.equal(Object.keys(people.known).length, 301);
  assert.equal(person(people, ANNA).petname, 'A');
  assert.equal(person(people, '0'.repeat(64)).claimed, '', 'the oldest went');
});

test('a name goes over as a line of chat and comes back cleaned', () => {
  assert.equal(readName(writeName('Zoë & Ömer')), 'Zoë & Ömer');
  assert.equal(readName(writeName('')), '');
  assert.equal(readName(writeName('a\u202eb')), 'ab');
  assert.equal(readName('#/player?name=%E0%A4%A'), '');
  assert.equal(readName('my name is #/player?name=x'), null);
  assert.equal(readName('hello'), null);
});

test('a key is found in what was pasted', () => {
  assert.equal(keyFromPaste(`  ${ANNA.toUpperCase()}\n`), ANNA);
  assert.equal(keyFromPaste(`key: ${ANNA}.`), ANNA);
  assert.equal(keyFromPaste(`${ANNA}0`), null);
  assert.equal(keyFromPaste('hello'), null);
});
