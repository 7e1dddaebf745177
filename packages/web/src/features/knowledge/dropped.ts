import type { UploadFile } from './uploads.ts';

const inFolder = (folder: string, name: string): string => (folder ? `${folder}/${name}` : name);

/** A folder tells of its content in parts, and is at its end with an empty one. */
async function entriesOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return all;
    all.push(...part);
  }
}

async function filesOf(entry: FileSystemEntry, folder: string): Promise<UploadFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    // What a system keeps beside people's files, e.g. `.DS_Store`.
    return file.name.startsWith('.') ? [] : [{ file, folder }];
  }
  const entries = await entriesOf(entry as FileSystemDirectoryEntry);
  const below = await Promise.all(entries.map((one) => filesOf(one, inFolder(folder, entry.name))));
  return below.flat();
}

/** What was dropped, folders with all they hold. To be called while the drop is told of: it is empty afterwards. */
export function droppedFiles(transfer: DataTransfer, folder: string): Promise<UploadFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return Promise.resolve([...transfer.files].map((file) => ({ file, folder })));
  return Promise.all(entries.map((entry) => filesOf(entry, folder))).then((all) => all.flat());
}
