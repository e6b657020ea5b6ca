import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Tls } from "./database-options.ts";

/** The PEM texts of TLS as they are now. */
export interface Pems {
  readonly ca: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Reads them, and rejects with a sentence that names the variable when one is not what it must be: mysql2 would throw where
 * nobody can catch it, and OpenSSL takes a CA that is none for no CA at all.
 */
export async function readPems({ ca, cert, key }: Tls): Promise<Pems> {
  const [caPem, certPem, keyPem] = await Promise.all([ca.read(), cert?.read(), key?.read()]);
  certificates("DB_ROOT_CERT", caPem);
  const [own] = certPem === undefined ? [] : certificates("DB_CERT", certPem);
  if (keyPem !== undefined && own !== undefined && !own.checkPrivateKey(keyOf(keyPem))) {
    throw unusable("DB_KEY is not the key of the certificate in DB_CERT");
  }
  return { ca: caPem, cert: certPem, key: keyPem };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** One or more; text around them does no harm. */
function certificates(variable: string, pem: string): X509Certificate[] {
  try {
    const found = (pem.match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
    if (found.length > 0) return found;
  } catch (cause) {
    throw unusable(`${variable} holds a certificate that cannot be read`, cause);
  }
  throw unusable(`${variable} holds no certificate in PEM format ("-----BEGIN CERTIFICATE-----")`);
}

function keyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const encrypted = pem.includes("ENCRYPTED");
    const what = encrypted
      ? "a key with a passphrase; rowpost takes one without"
      : "no private key in PEM format";
    throw unusable(`DB_KEY holds ${what}`, cause);
  }
}

/** With a code of its own: what is read of an error without one is its cause's. */
function unusable(text: string, cause?: unknown): Error {
  return Object.assign(new Error(text, { cause }), { code: "PEM_UNUSABLE" });
}
