/** The SSM Command document that installs lkipbu on an instance, beside the agent whose configuration it reads. */
import { contentHash } from './content-hash.ts';
import { installDocument, installerText } from './install-document.ts';
import { lkipbuScript } from './lkipbu-script.ts';

const installer = 'install-commands.sh';

/** Changes with anything that is installed. */
export function commandsVersion(): string {
  return versioned().version;
}

/** The content of the document, schema version 2.2. */
export function commandsDocument(): object {
  const { text, version } = versioned();
  return installDocument({
    name: 'commands',
    what: 'lkipbu',
    version,
    texts: { lkipbu_text: text },
    installer,
  });
}

function versioned(): { readonly text: string; readonly version: string } {
  return lkipbuScript(contentHash(installerText(installer)));
}
