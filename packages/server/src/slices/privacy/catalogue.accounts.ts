/** What is stored of members and how they sign in, for the catalogue. */
export const accountTables = {
  app_user: {
    about: 'staff',
    category: 'account',
    columns: {
      name: 'name',
      email: 'address',
      user_name: 'name in the directory',
      external_id: 'id in the directory',
    },
    exported: 'account.json: member',
    erased:
      'by removing the member: address and directory names at once, the name when the audit log tells of them no more',
  },
  login: {
    about: 'staff',
    category: 'account',
    columns: { email: 'e-mail address', name: 'name', image: 'nothing: the library has a place for it' },
    exported: 'account.json: login',
    erased: 'when the last organisation it belongs to removes the member',
  },
  login_account: {
    about: 'staff',
    category: 'account',
    columns: { password: 'hash of their password', account_id: 'who they are to an OpenID provider' },
    exported: 'account.json: waysToSignIn',
    erased: 'with the login',
  },
  login_session: {
    about: 'staff',
    category: 'account',
    columns: {
      token: 'hash of a login',
      ip_address: 'address',
      user_agent: 'device',
      created_at: 'when they signed in',
    },
    exported: 'account.json: logins',
    erased: 'with the login, by signing out, and when it expires',
  },
  login_second_factor: {
    about: 'staff',
    category: 'account',
    columns: { secret: 'secret of their authenticator app, sealed', backup_codes: 'recovery codes, sealed' },
    exported: 'not: secrets',
    erased: 'with the login, and by turning the second factor off',
  },
  login_passkey: {
    about: 'staff',
    category: 'account',
    columns: { name: 'what they call it', credential_id: 'id of the passkey', public_key: 'its public half' },
    exported: 'account.json: passkeys',
    erased: 'with the login, and by removing the passkey',
  },
  login_verification: {
    about: 'staff',
    category: 'account',
    columns: { value: 'an e-mail address, for as long as a letter to it is good' },
    exported: 'not: gone within minutes',
    erased: 'when it is used, or swept once it has expired',
  },
  letter: {
    about: 'staff',
    category: 'account',
    columns: { sealed: 'a letter on its way, sealed', recipient: 'keyed hash of the address it goes to' },
    exported: 'not: gone once sent, and after an hour altogether',
    erased: 'the content when it is sent or of no use any more, the hash an hour after it was written',
  },
} as const;
