import multipart, { type Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { AppError } from '../../platform/errors.ts';
import type { App } from '../../platform/http/server.ts';
import type { UploadLimits, UploadPart } from './uploads.ts';

/** Stands for the body of a form, which is read as it comes. */
const form = {};

/** Routes of this scope take forms with files beside JSON. To be called before they are added. */
export function takeForms(app: App, limits: UploadLimits): void {
  void app.register(multipart, {
    limits: {
      fileSize: limits.fileBytes,
      files: limits.files,
      fields: 50,
      parts: limits.files + 50,
      fieldSize: 2000,
      fieldNameSize: 200,
      headerPairs: 20,
    },
  });
  app.addHook('preValidation', async (request) => {
    if (request.isMultipart()) request.body = form;
  });
  app.setValidatorCompiler(jsonOrForm);
}

/** JSON is checked against the schema; what a form holds is checked as it arrives. */
const jsonOrForm: typeof validatorCompiler = (route) => {
  const check = validatorCompiler(route);
  return route.httpPart === 'body' ? (data: unknown) => (data === form ? { value: form } : check(data)) : check;
};

const codes: Record<string, AppError> = {
  FST_REQ_FILE_TOO_LARGE: new AppError('too-large', { detail: 'One of the files is larger than this server takes.' }),
  FST_FILES_LIMIT: new AppError('too-large', { detail: 'More files than this server takes at once.' }),
  FST_PARTS_LIMIT: new AppError('too-large', { detail: 'More parts than this server takes at once.' }),
  FST_FIELDS_LIMIT: new AppError('too-large', { detail: 'More fields than this server takes at once.' }),
};

/** The form's own words for what is wrong with it; what is none of it comes through. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const code = 'code' in error ? String(error.code) : '';
  const known = codes[code];
  if (known) return known;
  return code.startsWith('FST_') || /multipart|Part terminated|Malformed|premature/i.test(error.message)
    ? new AppError('bad-request', { detail: 'The form is broken, or ended before its time.' })
    : error;
}

/** Browsers write a quotation mark in a name this way, and nothing else (HTML, multipart/form-data encoding). */
const fileNameOf = (name: string | undefined): string => (name ?? '').replaceAll('%22', '"');

function toPart(part: Multipart): UploadPart {
  if (part.type === 'file') return { kind: 'file', fileName: fileNameOf(part.filename), content: content(part.file) };
  if (part.valueTruncated || part.fieldnameTruncated) throw new AppError('too-large');
  return { kind: 'field', name: part.fieldname, value: String(part.value) };
}

async function* content(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* file;
  } catch (error) {
    throw asRefusal(error);
  }
}

/** The parts of a form as they arrive. Throws `bad-request` and `too-large`. */
export async function* partsOf(request: FastifyRequest): AsyncGenerator<UploadPart> {
  try {
    for await (const part of request.parts()) yield toPart(part);
  } catch (error) {
    throw asRefusal(error);
  } finally {
    // What nobody reads any more would stand before the next request on the same connection.
    request.raw.unpipe();
    request.raw.resume();
  }
}
