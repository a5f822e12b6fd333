/** The head of a table. */
export function Columns({ names }: { readonly names: readonly string[] }) {
	return (
		<thead>
			<tr>
				{names.map((name) => (
					<th scope="col" key={name}>
						{name}
					</th>
				))}
			</tr>
		</thead>
	);
}
