import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { unzipOne } from "./duckdb-extensions.ts";

interface Entry {
  readonly name: string;
  readonly content: string;
  readonly isStored?: boolean;
}

/** A zip archive as pip downloads them: local entries, the central directory, its end. */
function zip(entries: readonly Entry[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content, isStored = false } of entries) {
    const data = isStored ? Buffer.from(content) : deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.write("PK\x03\x04", "latin1");
    local.writeUInt16LE(name.length, 26);
    locals.push(local, Buffer.from(name), data);
    const header = Buffer.alloc(46);
    header.write("PK\x01\x02", "latin1");
    header.writeUInt16LE(isStored ? 0 : 8, 10);
    header.writeUInt32LE(data.length, 20);
    header.writeUInt16LE(name.length, 28);
    header.writeUInt32LE(offset, 42);
    central.push(header, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...central, end]);
}

const archive = zip([
  { name: "package/__init__.py", content: "", isStored: true },
  { name: "package/extensions/v1.5.5/ducklake.duckdb_extension", content: "the extension" },
  { name: "package/other.duckdb_extension", content: "stored", isStored: true },
]);

test("a file is found by the end of its name, packed or stored", () => {
  expect(unzipOne(archive, "/ducklake.duckdb_extension").toString()).toBe("the extension");
  expect(unzipOne(archive, "/other.duckdb_extension").toString()).toBe("stored");
});

test("a file that is not there is an error that names it", () => {
  expect(() => unzipOne(archive, "/missing")).toThrow("no file /missing in the archive");
});
