import type { CardBlock } from "../../ports/chat.ts";
import { RichText } from "./bits.tsx";

/** The blocks of a card without its buttons: the same words as in chat. */
export function Blocks({ blocks }: { readonly blocks: readonly CardBlock[] }) {
	return <>{blocks.map((block, index) => one(block, index))}</>;
}

function one(block: CardBlock, key: number) {
	switch (block.kind) {
		case "title":
			return <h3 key={key}>{block.text}</h3>;
		case "text":
			return (
				<p key={key} class="lines">
					<RichText text={block.text} />
				</p>
			);
		case "fields":
			return (
				<dl class="facts" key={key}>
					{block.fields.map(({ label, value }) => [
						<dt key={`${label}-name`}>{label}</dt>,
						<dd key={label}>
							<RichText text={value} />
						</dd>,
					])}
				</dl>
			);
		case "small":
			return (
				<p class="soft" key={key}>
					<RichText text={block.text} />
				</p>
			);
		case "code":
			return <pre key={key}>{block.text}</pre>;
		case "divider":
			return <hr key={key} />;
		case "actions":
			return null;
		default:
			return block satisfies never;
	}
}
