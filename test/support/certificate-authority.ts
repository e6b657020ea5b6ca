import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate authority of a test, with an EC key that nobody else has. */
export interface CertificateAuthority {
  /** Its own certificate, as PEM. */
  readonly cert: string;
  /** A certificate as PEM that it has signed. */
  issue(subject: Subject): string;
  /** A certificate of a new key, and that key, both as PEM. */
  server(subject: Omit<Subject, "publicKey">): { readonly cert: string; readonly key: string };
}

export interface Subject {
  /** The subject's common name. */
  readonly name: string;
  readonly publicKey: KeyObject;
  /** What subjectAltName holds: names, and IPv4 addresses; none: there is no such extension. */
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** The end of its life; a day from now unless given. */
  readonly notAfter?: Date;
}

/** Makes a new CA; all happens in this process (RFC 5280, in DER). */
export function certificateAuthority(name: string): CertificateAuthority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signed = (subject: Subject, extensions: readonly Buffer[]) => {
    const tbs = tbsCertificate(name, subject, extensions);
    return pemOf(sequence(tbs, ECDSA_SHA256, bits(sign("sha256", tbs, privateKey))));
  };
  const issue = (subject: Subject) => signed(subject, subjectAltName(subject));
  return {
    cert: signed({ name, publicKey }, [BASIC_CONSTRAINTS_CA]),
    issue,
    server: (subject) => {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      return {
        cert: issue({ ...subject, publicKey: pair.publicKey }),
        key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
  };
}

function tbsCertificate(issuer: string, subject: Subject, extensions: readonly Buffer[]): Buffer {
  const { name, publicKey, notAfter = new Date(Date.now() + 86_400_000) } = subject;
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(7)]);
  return sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))), // version 3
    tagged(0x02, serial),
    ECDSA_SHA256,
    commonName(issuer),
    sequence(time(new Date(Date.now() - 60_000)), time(notAfter)),
    commonName(name),
    publicKey.export({ type: "spki", format: "der" }),
    ...(extensions.length === 0 ? [] : [tagged(0xa3, sequence(...extensions))]),
  );
}

const tagged = (tag: number, content: Buffer) =>
  Buffer.concat([Buffer.from([tag]), length(content), content]);
const sequence = (...parts: readonly Buffer[]) => tagged(0x30, Buffer.concat(parts));
const bits = (content: Buffer) => tagged(0x03, Buffer.concat([Buffer.from([0]), content]));
const oid = (hex: string) => tagged(0x06, Buffer.from(hex, "hex"));

const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
const BASIC_CONSTRAINTS_CA = sequence(
  oid("551d13"),
  tagged(0x01, Buffer.from([0xff])), // critical
  tagged(0x04, sequence(tagged(0x01, Buffer.from([0xff])))),
);

function length({ length: count }: Buffer): Buffer {
  if (count < 0x80) return Buffer.from([count]);
  const bytes = Buffer.from(count.toString(16).padStart(count > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([0x80 + bytes.length]), bytes]);
}

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid("550403"), tagged(0x0c, Buffer.from(name)))));
}

function subjectAltName({ dnsNames = [], ipAddresses = [] }: Subject): Buffer[] {
  const names = [
    ...dnsNames.map((name) => tagged(0x82, Buffer.from(name))),
    ...ipAddresses.map((address) => tagged(0x87, Buffer.from(address.split(".").map(Number)))),
  ];
  return names.length === 0 ? [] : [sequence(oid("551d11"), tagged(0x04, sequence(...names)))];
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
  return tagged(0x17, Buffer.from(digits.slice(2)));
}

function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
