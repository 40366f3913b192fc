import { describe, expect, it } from "vitest";
import { readValues, schemaOf, tablesOf, ValuesError } from "./values-docs.ts";

const yaml = `# What this file is.

# -- A number,
# told in two lines.
# @schema {"minimum": 1}
count: 2
part:
  # -- A list.
  list: []
  inner:
    # -- Free, whatever is in it.
    free: {a: {b: 1}}
    # -- Text | with a bar.
    text: ""
`;

describe("the schema", () => {
  it("has types from defaults, what the comments add, and no room for other keys", () => {
    expect(schemaOf(readValues(yaml))).toEqual({
      $schema: "http://json-schema.org/draft-07/schema#",
      title: "Values of streamtable-rewind",
      type: "object",
      additionalProperties: false,
      properties: {
        count: { description: "A number, told in two lines.", type: "integer", minimum: 1, default: 2 },
        part: {
          type: "object",
          additionalProperties: false,
          properties: {
            list: { description: "A list.", type: "array", default: [] },
            inner: {
              type: "object",
              additionalProperties: false,
              properties: {
                free: { description: "Free, whatever is in it.", type: "object", default: { a: { b: 1 } } },
                text: { description: "Text | with a bar.", type: "string", default: "" },
              },
            },
          },
        },
        global: { type: "object" },
      },
    });
  });
});

describe("the tables", () => {
  it("have a row for each value, by its whole path", () => {
    expect(tablesOf(readValues(yaml)).split("\n")).toEqual([
      ...["### General", "", "| Value | What it is | Default |", "|---|---|---|"],
      ...["| `count` | A number, told in two lines. | `2` |", ""],
      ...["### `part`", "", "| Value | What it is | Default |", "|---|---|---|"],
      "| `part.list` | A list. | `[]` |",
      '| `part.inner.free` | Free, whatever is in it. | `{"a":{"b":1}}` |',
      '| `part.inner.text` | Text \\| with a bar. | `""` |',
      "",
    ]);
  });
});

describe("refused is", () => {
  it.each([
    ["a value without description", "a: 1\n", /a has no description/],
    ["a nested value without description", "a:\n  b: 1\n", /a\.b has no description/],
    ["a schema that is not JSON", "# -- A.\n# @schema {minimum: 1}\na: 1\n", /a: its @schema is not JSON/],
    ["a schema without description", '# @schema {"minimum": 1}\na: 1\n', /a: @schema without description/],
    ["what is no map", "- 1\n", /not a map/],
    ["what is no YAML", "a: [\n", /.+/],
  ])("%s", (_name, text, message) => {
    expect(() => readValues(text)).toThrow(ValuesError);
    expect(() => readValues(text)).toThrow(message);
  });
});
