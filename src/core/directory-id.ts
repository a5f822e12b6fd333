const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An id of Microsoft's directory as it is kept: it is the same in whatever case it is written. Others stay as they are. */
export function directoryId(id: string): string {
	return GUID.test(id) ? id.toLowerCase() : id;
}
