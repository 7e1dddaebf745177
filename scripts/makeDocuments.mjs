/**
 * Makes the documents of packages/server/src/test/documents from their sources, with LibreOffice, pandoc and Python: real
 * files of programs that are not ours. Run once and committed; the tests read what is there. Needs `soffice`, `pandoc`, and
 * `python3-uno` for those with a password.
 *
 *   node scripts/makeDocuments.mjs
 */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './node24.mjs';

const out = join(root, 'packages', 'server', 'src', 'test', 'documents');
const work = mkdtempSync(join(tmpdir(), 'rapport-documents-'));
const profile = `-env:UserInstallation=file://${join(work, 'profile')}`;
const source = (name) => join(out, 'source', name);

function convert(from, to, target) {
  const extension = to.split(':')[0];
  execFileSync('soffice', ['--headless', profile, '--convert-to', to, '--outdir', work, from], { stdio: 'ignore' });
  const made = from.slice(from.lastIndexOf('/') + 1).replace(/\.\w+$/, `.${extension}`);
  copyFileSync(join(work, made), target);
}

const pandoc = (from, name, ...options) => execFileSync('pandoc', [from, '-o', join(out, name), ...options]);

const pdf = (options) =>
  `pdf:writer_pdf_Export:${JSON.stringify(Object.fromEntries(Object.entries(options).map(([name, value]) => [name, { type: typeof value === 'boolean' ? 'boolean' : typeof value === 'number' ? 'long' : 'string', value: String(value) }])))}`;

/** A document whose only page is a picture of a page of text, as scanners write it. */
function scan() {
  const picture = join(work, 'page.jpg');
  convert(source('handbook.fodt'), 'jpg', picture);
  const namespaces = ['office', 'text', 'table', 'style']
    .map((name) => `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`)
    .join(' ');
  writeFileSync(
    join(work, 'scan.fodt'),
    `<?xml version="1.0" encoding="UTF-8"?>
<office:document ${namespaces} xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:body><office:text><text:p><draw:frame text:anchor-type="as-char" svg:width="16cm" svg:height="22cm"><draw:image><office:binary-data>${readFileSync(picture).toString('base64')}</office:binary-data></draw:image></draw:frame></text:p></office:text></office:body></office:document>`,
  );
  convert(
    join(work, 'scan.fodt'),
    pdf({ ReduceImageResolution: true, MaxImageResolution: 75, Quality: 30 }),
    join(out, 'scan.pdf'),
  );
}

/** A message with two forms of its text and an attachment. */
function letter() {
  const script = `
from email.message import EmailMessage
mail = EmailMessage()
mail['Subject'] = 'Your first visit – what to bring'
mail['From'] = 'Zoë Lindner <zoe@practice.example>'
mail['To'] = 'Jonas <jonas@home.example>, mia@home.example'
mail['Date'] = 'Mon, 02 Mar 2026 09:30:00 +0100'
mail.set_content('Dear Jonas, bring the two numbers of every night.', charset='iso-8859-1')
mail.add_alternative('<p>Dear Jonas, bring</p><ul><li>the two numbers of <b>every</b> night</li><li>your café diary</li></ul>', subtype='html')
mail.add_attachment(b'Hours in bed; hours asleep', maintype='text', subtype='plain', filename='diary.txt')
open('${join(out, 'letter.eml')}', 'wb').write(bytes(mail))
`;
  execFileSync('/usr/bin/python3', ['-c', script], { stdio: 'inherit' });
}

/** Only the programming interface takes a password for these. */
async function seal() {
  const office = spawn('soffice', ['--headless', profile, '--accept=pipe,name=rapport;urp;'], { stdio: 'ignore' });
  const script = `
import time, uno
from com.sun.star.beans import NamedValue, PropertyValue
def value(name, v):
    p = PropertyValue(); p.Name = name; p.Value = v; return p
resolver = uno.getComponentContext().ServiceManager.createInstance('com.sun.star.bridge.UnoUrlResolver')
for attempt in range(60):
    try:
        context = resolver.resolve('uno:pipe,name=rapport;urp;StarOffice.ComponentContext'); break
    except Exception:
        time.sleep(0.5)
desktop = context.ServiceManager.createInstanceWithContext('com.sun.star.frame.Desktop', context)
document = desktop.loadComponentFromURL('file://${source('handbook.fodt')}', '_blank', 0, (value('Hidden', True),))
def named(name, v):
    p = NamedValue(); p.Name = name; p.Value = v; return p
secret = uno.Any('[]com.sun.star.beans.NamedValue', (named('OOXPassword', 'secret'), named('CryptoType', 'Standard')))
document.storeToURL('file://${out}/sealed.odt', (value('FilterName', 'writer8'), value('Password', 'secret')))
document.storeToURL('file://${out}/sealed.docx', (value('FilterName', 'MS Word 2007 XML'), value('EncryptionData', secret)))
document.close(True)
desktop.terminate()
`;
  execFileSync('/usr/bin/python3', ['-c', script], { stdio: 'inherit' });
  await new Promise((done) => office.once('exit', done));
}

for (const type of ['docx', 'odt', 'rtf', 'html'])
  convert(source('handbook.fodt'), type, join(out, `handbook.${type}`));
convert(source('handbook.fodt'), pdf({ UseTaggedPDF: true }), join(out, 'handbook.pdf'));
convert(source('handbook.fodt'), pdf({ UseTaggedPDF: false }), join(out, 'untagged.pdf'));
convert(source('handbook.fodt'), pdf({ EncryptFile: true, DocumentOpenPassword: 'secret' }), join(out, 'sealed.pdf'));
convert(source('visits.fods'), 'xlsx', join(out, 'visits.xlsx'));
pandoc(
  join(out, 'handbook.docx'),
  'handbook.epub',
  '--metadata',
  'title=A handbook for better nights',
  '--metadata',
  'lang=en-GB',
);
pandoc(source('evening.md'), 'evening.pptx');
convert(join(out, 'evening.pptx'), 'pptx', join(out, 'impress.pptx'));
scan();
letter();
await seal();
rmSync(work, { recursive: true, force: true });
