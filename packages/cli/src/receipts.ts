import { readFileSync } from 'node:fs';
import { StartupError } from '@rapport/server/platform/startupError';
import { verifyReceipt } from '@rapport/server/slices/privacy/receipts';
import { fileAnd } from './arguments.ts';

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartupError(`${file} cannot be read: ${(error as Error).message}.`, 'Check its name.');
  }
};

export async function verifyReceiptFile(args: string[]): Promise<number> {
  const { file, values } = fileAnd(args, { key: { type: 'string' } });
  try {
    const { receipt, fingerprint } = verifyReceipt(read(file), values.key === undefined ? undefined : read(values.key));
    console.log(
      `The receipt is good: ${receipt.subject.kind} ${receipt.subject.id} was erased at ${receipt.erasedAt}.`,
    );
    console.log(`Signed with the key ${fingerprint}.`);
    if (values.key === undefined)
      console.log('Compare that key with the one the organisation gave out, or name it: --key FILE.');
    return 0;
  } catch (error) {
    if (error instanceof StartupError) throw error;
    console.error(`The receipt is NOT good. ${(error as Error).message}`);
    return 1;
  }
}
