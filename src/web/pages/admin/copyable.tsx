/** A value to be carried elsewhere: marked by a click into it, and with scripts also copied by the button. */
export function Copyable({ label, value }: { readonly label: string; readonly value: string }) {
	return (
		<div class="copyable">
			<input type="text" readOnly value={value} aria-label={label} class="mono" spellcheck={false} />
			<button type="button" data-copy={value} hidden aria-label={`Copy: ${label}`}>
				Copy
			</button>
		</div>
	);
}
