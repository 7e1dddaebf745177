/**
 * The only place of the server that reads process.env. Each option has one line here; scripts/configDocs.mjs writes them as
 * the table in docs/admin/configuration.md, and `npm test` fails where the two differ.
 */
export const envOptions = {
  RAPPORT_HOST: 'Address to listen on. Anything but loopback needs an owner password. Default 127.0.0.1.',
  RAPPORT_PORT: 'Port to listen on. Default 4310.',
  RAPPORT_DATA_DIR: 'Folder of the embedded database and local files. Default .rapport in the project.',
  RAPPORT_MASTER_KEY:
    'Master key that wraps all others: 32 bytes as base64url; several by comma, the current one first.',
  RAPPORT_MASTER_KEY_FILE:
    'File of the master key, readable by this user alone. Default secret.key in the data folder.',
  RAPPORT_MASTER_KEY_COMMAND: 'Command that prints the master key, e.g. from Vault or a KMS.',
  RAPPORT_READ_PLAIN: 'true: content stored before it was encrypted may be read. Default false.',
  RAPPORT_FILES_DIR: 'Folder in which documents are kept, sealed. Default files in the data folder.',
  RAPPORT_S3_ENDPOINT: 'Address of an S3-compatible store that documents are kept in, instead of a folder.',
  RAPPORT_S3_BUCKET: 'Its bucket.',
  RAPPORT_S3_REGION: 'Its region. Default us-east-1.',
  RAPPORT_S3_ACCESS_KEY: 'Its access key.',
  RAPPORT_S3_SECRET_KEY: 'Its secret key.',
  RAPPORT_UPLOAD_MB: 'Largest file that may be uploaded, in megabytes. Default 50.',
  RAPPORT_UPLOAD_FILES: 'Most files in one upload. Default 50.',
  RAPPORT_AUDIT_FILE:
    'File that signed audit checkpoints are appended to, best on another machine’s disk. Default audit-checkpoints.jsonl in the data folder.',
  RAPPORT_AUDIT_WEBHOOK: 'Address that signed audit checkpoints are posted to.',
  RAPPORT_AUDIT_WEBHOOK_TOKEN: 'Bearer token sent to that address.',
  RAPPORT_AUDIT_CHECKPOINT_MINUTES: 'How often audit checkpoints are signed and shipped. Default 10.',
  RAPPORT_AUDIT_GRACE_MINUTES:
    'How long no place for checkpoints may be writable before audited acts are refused. Default 15.',
  DATABASE_URL: 'A PostgreSQL 15 or newer to use instead of the embedded one.',
  RAPPORT_PGVECTOR_FROM:
    'From how many passages on a knowledge base is searched by meaning over an index of pgvector, its vectors in clear in the database; those too large for memory always. Default: none is.',
  RAPPORT_OPENAI_BASE_URL: 'Provider preset: address of an OpenAI-compatible API. Set: the set-up asks nothing.',
  RAPPORT_OPENAI_API_KEY: 'Provider preset: its key, if it needs one. It is not stored.',
  RAPPORT_OPENAI_APPROVED:
    'Provider preset: true once it is agreed that it processes what clients say. On this machine not needed. Default false.',
  RAPPORT_MODEL: 'Provider preset: the model to use.',
  RAPPORT_IDLE_MINUTES:
    'After how many minutes without use a login ends, 5 to 43200; an organisation may ask for less. Default 720.',
  RAPPORT_LOG_LEVEL: 'fatal, error, warn, info, debug, trace or silent. Default info.',
  RAPPORT_TOKEN_FRAME_MS: 'How long tokens are gathered before they go out as one frame, 0 to 1000 ms. Default 40.',
  RAPPORT_ALLOW_PRIVATE:
    'Private addresses that model providers and webhooks may have: hosts, addresses or ranges, by comma, each with :port if only that.',
  RAPPORT_OUTGOING_ONLY:
    'The only places that model providers, OpenID providers and webhooks may have: hosts, addresses or ranges, by comma. Default: all public ones.',
  RAPPORT_RATE_LIMITS:
    'off, or limits a minute in place of the standard ones, e.g. read.actor=600,credentials.address=10. Set: they hold for this machine, too.',
  RAPPORT_TRUST_PROXY: 'Addresses or ranges of proxies whose X-Forwarded-For is believed, by comma. Default: none.',
  RAPPORT_NPM: 'The npm that installs what runs GGUF files. Default: the one beside Node or of PATH.',
  RAPPORT_PUBLIC_URL: 'The address people reach this server under, for invitation links. Default: that of the request.',
  RAPPORT_SMTP_URL:
    'Mail server that sends e-mail, e.g. smtps://user:password@mail.example:465. Without it mails go to /mailbox.',
  RAPPORT_MAIL_FROM: 'Sender of e-mail. Default: Rapport at the host of RAPPORT_PUBLIC_URL.',
} as const;

export type Env = { -readonly [K in keyof typeof envOptions]?: string };

export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  const env: Env = {};
  for (const name of Object.keys(envOptions) as (keyof Env)[]) {
    const value = source[name]?.trim();
    if (value) env[name] = value;
  }
  return env;
}
