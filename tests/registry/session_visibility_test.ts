/** The tags that one session shows and hides. */
import { assertEquals, assertThrows } from "@std/assert";
import { ALL_SCOPES } from "../../lib/auth/scopes.ts";
import {
  changesView,
  dependsOnScopes,
  SEES_ALL,
  SEES_SERVED,
  SessionVisibility,
  type Shift,
} from "../../lib/registry/visibility.ts";

Deno.test("a session shows or hides a tag, never both, and says whether that is new", () => {
  const session = new SessionVisibility();
  assertEquals([session.show("a"), session.show("a"), session.tags], [true, false, { a: true }]);
  assertEquals([session.hide("a"), session.hide("a"), session.tags], [true, false, { a: false }]);
  assertEquals([session.hide("b"), session.show("a")], [true, true]);
  assertEquals(session.tags, { a: true, b: false });
});

Deno.test("the last wish for a tag counts, in the key as in what the client sees", () => {
  const [shown, hidden, none] = [1, 2, 3].map(() => new SessionVisibility());
  shown!.hide("a");
  shown!.show("a");
  hidden!.show("a");
  hidden!.hide("a");
  const only = (change: (session: SessionVisibility) => void) => {
    const session = new SessionVisibility();
    change(session);
    return session.key;
  };
  assertEquals(shown!.key, only((session) => session.show("a")));
  assertEquals(hidden!.key, only((session) => session.hide("a")));
  assertEquals(new Set([shown!.key, hidden!.key, none!.key]).size, 3);
});

Deno.test("a hidden tag outweighs a shown one, and a shown one outweighs the switch", () => {
  const session = new SessionVisibility();
  session.show("shown");
  session.hide("hidden");
  const seen = (...tags: string[]) =>
    [true, false].map((isServed) => session.allows({ tags }, isServed));
  assertEquals(seen(), [true, false]);
  assertEquals(seen("other"), [true, false]);
  assertEquals(seen("other", "shown"), [true, true]);
  assertEquals(seen("other", "hidden"), [false, false]);
  assertEquals(seen("shown", "hidden"), [false, false]);
  assertEquals([session.allows({}, true), session.allows({}, false)], [true, false]);
});

Deno.test("a client sees what is served by default, and may see disabled features too", () => {
  const feature = { tags: ["a"] };
  assertEquals([SEES_SERVED.allows(feature, true), SEES_SERVED.allows(feature, false)], [
    true,
    false,
  ]);
  assertEquals([SEES_ALL.allows(feature, true), SEES_ALL.allows(feature, false)], [true, true]);
});

Deno.test("a session has room for 100 tags, shown and hidden ones together", () => {
  const session = new SessionVisibility();
  for (let count = 0; count < 100; count++) {
    session.requireRoom(`tag ${count}`);
    if (count % 3 === 0) session.hide(`tag ${count}`);
    else session.show(`tag ${count}`);
  }
  session.requireRoom("tag 0");
  session.requireRoom("tag 1");
  const { message } = assertThrows(() => session.requireRoom("tag 100"), RangeError);
  assertEquals(message, 'Cannot show or hide "tag 100": a session may show and hide 100 tags');
});

for (
  const [what, tag] of [
    ["no text", undefined],
    ["a number", 5],
    ["the empty text", ""],
    ["a text of 201 characters", "x".repeat(201)],
  ] as const
) {
  Deno.test(`${what} is no tag`, () => {
    const session = new SessionVisibility();
    const { message } = assertThrows(() => session.requireRoom(tag as string), TypeError);
    assertEquals(message, "Cannot show or hide: a tag is a text of 1 to 200 characters");
  });
}

Deno.test("a text of 1 character and one of 200 are tags", () => {
  const session = new SessionVisibility();
  session.requireRoom("x");
  session.requireRoom("x".repeat(200));
});

Deno.test("a shift changes the view of those who see the feature before or after it, not both", () => {
  const showing = new SessionVisibility();
  showing.show("a");
  const hiding = new SessionVisibility();
  hiding.hide("a");
  const affected = (before: boolean | undefined, after: boolean | undefined) =>
    [SEES_SERVED, SEES_ALL, showing, hiding].map((visibility) =>
      changesView([{ feature: { tags: ["a"] }, before, after }], { visibility })
    );
  assertEquals(affected(undefined, true), [true, true, true, false]);
  assertEquals(affected(true, undefined), [true, true, true, false]);
  assertEquals(affected(undefined, false), [false, true, true, false]);
  assertEquals(affected(false, undefined), [false, true, true, false]);
  assertEquals(affected(false, true), [true, false, false, false]);
  assertEquals(affected(true, false), [true, false, false, false]);
});

Deno.test("one of several shifts is enough to change a view, and none changes none", () => {
  const shifts = [{ feature: {}, before: undefined, after: false }, {
    feature: {},
    before: false,
    after: true,
  }];
  assertEquals(changesView(shifts, { visibility: SEES_SERVED }), true);
  assertEquals(changesView(shifts.slice(0, 1), { visibility: SEES_SERVED }), false);
  assertEquals(changesView([], { visibility: SEES_ALL }), false);
});

Deno.test("a feature that scopes hide changes the view of those who have them, or of all if listed", () => {
  const shifts = (
    feature: Shift["feature"],
  ): Shift[] => [{ feature, before: undefined, after: true }];
  const hidden = shifts({ scopes: ["a"] });
  const listed = shifts({ scopes: ["a"], isListedForAll: true });
  const changes = (given: Shift[]) =>
    [undefined, [], ["b"], ["a", "b"], ALL_SCOPES].map((granted) =>
      changesView(given, { granted })
    );
  assertEquals(changes(hidden), [false, false, false, true, true]);
  assertEquals(changes(listed), [true, true, true, true, true]);
  assertEquals([hidden, listed, shifts({}), []].map(dependsOnScopes), [true, false, false, false]);
});
