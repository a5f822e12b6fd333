import { crc32 } from "node:zlib";

interface Entry {
	readonly name: string;
	readonly content: Buffer;
}

/** The first of January 1980: the same files make the same archive, whenever it is made. */
const DATE = 0x21;
const UTF8_NAMES = 0x0800;

/** A ZIP archive of a few small files, stored as they are. */
export function zip(entries: readonly Entry[]): Buffer {
	const parts: Buffer[] = [];
	const directory: Buffer[] = [];
	let offset = 0;
	for (const { name, content } of entries) {
		const nameBytes = Buffer.from(name, "utf8");
		const about = Buffer.alloc(26);
		about.writeUInt16LE(20, 0);
		about.writeUInt16LE(UTF8_NAMES, 2);
		about.writeUInt16LE(DATE, 8);
		about.writeUInt32LE(crc32(content), 10);
		about.writeUInt32LE(content.length, 14);
		about.writeUInt32LE(content.length, 18);
		about.writeUInt16LE(nameBytes.length, 22);
		const local = Buffer.concat([signature(0x04034b50), about, nameBytes, content]);
		const madeBy = Buffer.from([20, 0]);
		const where = Buffer.alloc(14);
		where.writeUInt32LE(offset, 10);
		directory.push(signature(0x02014b50), madeBy, about, where, nameBytes);
		parts.push(local);
		offset += local.length;
	}
	const central = Buffer.concat(directory);
	const end = Buffer.alloc(18);
	end.writeUInt16LE(entries.length, 4);
	end.writeUInt16LE(entries.length, 6);
	end.writeUInt32LE(central.length, 8);
	end.writeUInt32LE(offset, 12);
	return Buffer.concat([...parts, central, signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value, 0);
	return bytes;
}
