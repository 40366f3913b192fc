import { expect, test } from "vitest";
import { makeWidget, type Widget } from "../../test/support/make-object.ts";
import { ObjectStore } from "./store.ts";

function widget(name: string, resourceVersion: string): Widget {
  return makeWidget({ name, resourceVersion });
}

function storeOf(...objects: Widget[]): ObjectStore<Widget> {
  const store = new ObjectStore<Widget>();
  store.replace(objects);
  return store;
}

function content(store: ObjectStore<Widget>): Record<string, string> {
  return Object.fromEntries(store.list().map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}

test("the same or an older copy is no news", () => {
  const store = storeOf(widget("a", "10"));
  expect([store.set(widget("a", "10")), store.set(widget("a", "9")), store.set(widget("a", "11"))]).toEqual([
    false,
    false,
    true,
  ]);
  expect(content(store)).toEqual({ a: "11" });
});

test("a deletion older than the object we have is no deletion of it", () => {
  const store = storeOf(widget("a", "10"));
  expect([store.delete(widget("a", "9")), store.delete(widget("b", "12")), store.delete(widget("a", "12"))]).toEqual([
    false,
    false,
    true,
  ]);
  expect(store.size).toBe(0);
});

test("of many objects that a list brings the oldest come first", () => {
  const aged = (name: string, creationTimestamp: string): Widget => {
    const object = widget(name, "10");
    return { ...object, metadata: { ...object.metadata, creationTimestamp } };
  };
  const listed = [
    aged("a", "2026-11-22T12:00:02Z"),
    aged("b", "2026-11-22T12:00:01Z"),
    aged("c", "2026-11-22T12:00:03Z"),
  ];
  const keys = new ObjectStore<Widget>().replace(listed).map((key) => key.split("/")[1]);
  expect(keys).toEqual(["b", "a", "c"]);
});

test("a list replaces everything, also by older versions, and tells what changed", () => {
  const store = storeOf(widget("gone", "10"), widget("same", "11"), widget("moved", "12"));
  const changed = store.replace([widget("same", "11"), widget("moved", "5"), widget("new", "6")]);
  expect(changed.toSorted()).toEqual(["default/gone", "default/moved", "default/new"]);
  expect(content(store)).toEqual({ same: "11", moved: "5", new: "6" });
});

test("a list beside a watch that brought everything finds nothing missed", () => {
  const store = storeOf(widget("a", "10"), widget("b", "11"), widget("c", "12"));
  store.rememberDeletions();
  // the list was made at 20; the watch went on to 23 before the comparison
  store.set(widget("a", "21"));
  store.set(widget("new", "22"));
  store.delete(widget("b", "23"));
  const missed = store.reconcile([widget("a", "10"), widget("b", "11"), widget("c", "12")], "20");
  expect(missed).toEqual([]);
  expect(content(store)).toEqual({ a: "21", c: "12", new: "22" });
});

test("what the watch lost is found and repaired: an addition, a change, a deletion", () => {
  const store = storeOf(widget("changed", "10"), widget("deleted", "11"), widget("same", "12"));
  store.rememberDeletions();
  const missed = store.reconcile([widget("added", "15"), widget("changed", "16"), widget("same", "12")], "20");
  expect(missed.toSorted()).toEqual(["default/added", "default/changed", "default/deleted"]);
  expect(content(store)).toEqual({ added: "15", changed: "16", same: "12" });
});

test("an object made again after its deletion counts", () => {
  const store = storeOf(widget("a", "10"));
  store.rememberDeletions();
  store.delete(widget("a", "13"));
  expect(store.reconcile([widget("a", "15")], "20")).toEqual(["default/a"]);
});
