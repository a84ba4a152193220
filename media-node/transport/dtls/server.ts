/**
 * The server's side of DTLS 1.2 (RFC 6347) as WebRTC uses it (RFC 8827 §6.5): one cipher suite, both sides with
 * certificates, keys for SRTP. Datagrams go in and out as buffers; sockets and ICE are somebody else's.
 *
 * A client must prove that it has the key of the certificate whose fingerprint its offer announced, and that it saw the
 * same handshake. There is no cookie exchange: ICE has proved the client's address, and a round trip is saved.
 */
import { type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock, Timer } from "../../time/clock.ts";
import { ReplayWindow } from "../replay-window.ts";
import { Alert, type AlertDescription, AlertLevel, DtlsError } from "./alert.ts";
import { ByteReader } from "./bytes.ts";
import {
  certificateIn,
  checkFingerprint,
  checkPossession,
  type Fingerprint,
  type OwnCertificate,
} from "./certificates.ts";
import { type Choice, chooseFrom, type SrtpProfile } from "./client-hello.ts";
import { encodeHandshake, type HandshakeMessage, HandshakeType, Reassembly } from "./handshake.ts";
import { type KeyAgreement, startAgreement } from "./key-agreement.ts";
import { exportKeys, masterSecret, type Randoms, recordKeys, verifyData } from "./key-schedule.ts";
import { decryptRecord, encryptRecord, type RecordKey } from "./record-cipher.ts";
import { ContentType, DTLS_1_2, type DtlsRecord, encodeRecord, parseRecords } from "./records.ts";
import { serverFlight } from "./server-flight.ts";

/** Fits every path ICE is used on. */
const MAX_DATAGRAM = 1_200;
/** A lost flight is sent again after this, then after twice as long, and so on; browsers ask for theirs in 50 ms or more. */
const FIRST_RESEND_MS = 200;
const LAST_RESEND_MS = 3_200;
/** A flight is sent again this often at most, by the timer or because the client repeats itself. */
const MAX_RESENDS = 20;
/** Encrypted records kept that overtook the message with the keys. */
const MAX_EARLY_RECORDS = 4;
const CHANGE_CIPHER_SPEC = Buffer.from([1]);

/** A secured connection, as soon as it is one. */
export interface Secured {
  readonly srtpProfile: SrtpProfile;
  /** Keying material for another protocol (RFC 5705). */
  exportKeys(label: string, length: number): Buffer;
}

export interface DtlsServerEvents {
  connected(secured: Secured): void;
  data(data: Buffer): void;
  /** The client closed the connection in good order. */
  closed(): void;
  /** The handshake or the connection broke. */
  failed(error: Error): void;
}

export interface DtlsServerOptions {
  readonly certificate: OwnCertificate;
  /** Of the client's certificate, from its offer. */
  readonly fingerprints: readonly Fingerprint[];
  readonly clock: Clock;
  readonly send: (datagram: Buffer) => void;
  readonly events: DtlsServerEvents;
}

interface Agreed {
  readonly choice: Choice;
  readonly randoms: Randoms;
  readonly agreement: KeyAgreement;
}

interface Secrets {
  readonly master: KeyObject;
  readonly read: RecordKey;
  readonly write: RecordKey;
  readonly randoms: Randoms;
  readonly srtpProfile: SrtpProfile;
}

/** Each phase is named after the message it waits for. */
type State =
  | { readonly phase: "client_hello" }
  | { readonly phase: "certificate"; readonly agreed: Agreed }
  | { readonly phase: "key_exchange"; readonly agreed: Agreed; readonly certificate: Buffer }
  | { readonly phase: "certificate_verify"; readonly secrets: Secrets; readonly certificate: Buffer }
  | { readonly phase: "finished"; readonly secrets: Secrets }
  | { readonly phase: "connected"; readonly secrets: Secrets }
  | { readonly phase: "closed" };

interface PlainRecord {
  readonly type: number;
  readonly epoch: 0 | 1;
  readonly fragment: Buffer;
}

export class DtlsServer {
  readonly #options: DtlsServerOptions;
  readonly #reassembly = new Reassembly();
  readonly #replays = new ReplayWindow();
  #state: State = { phase: "client_hello" };
  #transcript: Buffer[] = [];
  /** Number of our next handshake message. */
  #messageNumber = 0;
  /** Numbers of our next records, by epoch. */
  readonly #recordNumbers: [number, number] = [0, 0];
  #flight: readonly PlainRecord[] = [];
  #resends = 0;
  #resendTimer: Timer | undefined;
  #early: DtlsRecord[] = [];

  constructor(options: DtlsServerOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#state.phase === "connected";
  }

  /** Takes a datagram. What is not authentic or makes no sense is dropped, as the protocol wants it. */
  receive(datagram: Buffer): void {
    const before = this.#state;
    let repeated = false;
    try {
      for (const record of parseRecords(datagram)) {
        if (this.#state.phase === "closed") return;
        if (this.#record(record) === "repeated") repeated = true;
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    // The client repeats its flight because ours did not reach it.
    if (repeated && this.#state === before) this.#resend();
  }

  /** Sends application data; dropped unless connected. */
  send(data: Buffer): void {
    if (this.connected) this.#transmit([{ type: ContentType.applicationData, epoch: 1, fragment: data }]);
  }

  /** Says goodbye and ends. No event follows. */
  close(): void {
    if (this.#state.phase === "connected") this.#alert(AlertLevel.warning, Alert.closeNotify);
    this.#end();
  }

  #record(record: DtlsRecord): "taken" | "repeated" {
    if (record.epoch === 0) return this.#plain(record);
    if (record.epoch !== 1) return "taken";
    if (!("secrets" in this.#state)) {
      if (this.#early.length < MAX_EARLY_RECORDS) this.#early.push(record);
      return "taken";
    }
    return this.#encrypted(record, this.#state.secrets);
  }

  /** A record that anybody could have sent: on a running connection it changes nothing. */
  #plain({ type, fragment }: DtlsRecord): "taken" | "repeated" {
    if (this.connected) {
      return type === ContentType.handshake && this.#reassembly.hasGivenOut(fragment) ? "repeated" : "taken";
    }
    // A ChangeCipherSpec says nothing that the epoch of the next record does not.
    if (type === ContentType.handshake) return this.#handshake(fragment);
    if (type === ContentType.alert) this.#onAlert(fragment);
    return "taken";
  }

  #encrypted(record: DtlsRecord, secrets: Secrets): "taken" | "repeated" {
    const handshake = record.type === ContentType.handshake;
    // Some clients count their records from zero again behind their Finished message, whose number is then used twice.
    if (!handshake && !this.#replays.allows(record.sequenceNumber)) return "taken";
    const plain = decryptRecord(secrets.read, record);
    if (plain === undefined) return "taken";
    if (handshake) return this.#handshake(plain);
    this.#replays.add(record.sequenceNumber);
    if (record.type === ContentType.alert) this.#onAlert(plain);
    else if (record.type === ContentType.applicationData && this.connected) this.#options.events.data(plain);
    return "taken";
  }

  #handshake(fragments: Buffer): "taken" | "repeated" {
    const { messages, repeated } = this.#reassembly.push(fragments);
    for (const message of messages) this.#message(message);
    return repeated && messages.length === 0 ? "repeated" : "taken";
  }

  #message(message: HandshakeMessage): void {
    const state = this.#state;
    const { type, body } = message;
    const before = this.#transcript;
    this.#transcript = [...before, encodeHandshake(message)];
    switch (state.phase) {
      case "client_hello":
        expect(type, HandshakeType.clientHello);
        this.#onHello(body);
        return;
      case "certificate": {
        expect(type, HandshakeType.certificate);
        const certificate = certificateIn(body);
        checkFingerprint(certificate, this.#options.fingerprints);
        this.#state = { phase: "key_exchange", agreed: state.agreed, certificate };
        return;
      }
      case "key_exchange":
        expect(type, HandshakeType.clientKeyExchange);
        this.#onKeyExchange(body, state.agreed, state.certificate);
        return;
      case "certificate_verify":
        expect(type, HandshakeType.certificateVerify);
        checkPossession(state.certificate, body, Buffer.concat(before));
        this.#state = { phase: "finished", secrets: state.secrets };
        this.#takeEarly(state.secrets);
        return;
      case "finished":
        expect(type, HandshakeType.finished);
        this.#onFinished(body, Buffer.concat(before), state.secrets);
        return;
      default:
      // A new handshake on a running connection: nobody in WebRTC asks for one.
    }
  }

  #onHello(body: Buffer): void {
    const choice = chooseFrom(body);
    const randoms = { client: choice.clientRandom, server: randomBytes(32) };
    const agreement = startAgreement(choice.curve);
    const messages = serverFlight(choice, randoms.server, agreement.publicKey, this.#options.certificate);
    this.#state = { phase: "certificate", agreed: { choice, randoms, agreement } };
    this.#sendFlight(messages.map((message) => this.#ownMessage(message.type, message.body)));
    this.#watchFlight(FIRST_RESEND_MS);
  }

  #onKeyExchange(body: Buffer, { choice, randoms, agreement }: Agreed, certificate: Buffer): void {
    const premaster = agreement.agree(keyIn(body));
    const master = masterSecret(premaster, Buffer.concat(this.#transcript));
    const { client: read, server: write } = recordKeys(master, randoms);
    const secrets = { master, read, write, randoms, srtpProfile: choice.srtpProfile };
    this.#state = { phase: "certificate_verify", secrets, certificate };
  }

  /** Records that came before the keys; Finished is the only one of a correct client. */
  #takeEarly(secrets: Secrets): void {
    for (const record of this.#early.splice(0)) this.#encrypted(record, secrets);
  }

  #onFinished(body: Buffer, transcript: Buffer, secrets: Secrets): void {
    const expected = verifyData(secrets.master, "client", transcript);
    if (body.length !== expected.length || !timingSafeEqual(body, expected))
      throw new DtlsError(Alert.decryptError, "The client saw another handshake.");
    this.#resendTimer?.cancel();
    const { master, randoms, srtpProfile } = secrets;
    const finished = verifyData(master, "server", Buffer.concat(this.#transcript));
    this.#state = { phase: "connected", secrets };
    this.#resends = 0;
    this.#sendFlight([
      { type: ContentType.changeCipherSpec, epoch: 0, fragment: CHANGE_CIPHER_SPEC },
      { ...this.#ownMessage(HandshakeType.finished, finished), epoch: 1 },
    ]);
    this.#transcript = [];
    this.#options.events.connected({
      srtpProfile,
      exportKeys: (label, length) => exportKeys(master, label, randoms, length),
    });
  }

  #ownMessage(type: number, body: Buffer): PlainRecord {
    const fragment = encodeHandshake({ type, number: this.#messageNumber, body });
    this.#messageNumber += 1;
    this.#transcript.push(fragment);
    return { type: ContentType.handshake, epoch: 0, fragment };
  }

  #sendFlight(flight: readonly PlainRecord[]): void {
    this.#flight = flight;
    this.#transmit(flight);
  }

  #resend(): void {
    if (this.#resends >= MAX_RESENDS || this.#state.phase === "closed") return;
    this.#resends += 1;
    this.#transmit(this.#flight);
  }

  #watchFlight(delayMs: number): void {
    this.#resendTimer = this.#options.clock.after(delayMs, () => {
      this.#resend();
      // Whoever started the handshake gives it up when it takes too long, and closes.
      if (this.#resends < MAX_RESENDS) this.#watchFlight(Math.min(2 * delayMs, LAST_RESEND_MS));
    });
  }

  /** Sends records, as many in a datagram as fit. */
  #transmit(records: readonly PlainRecord[]): void {
    let datagram: Buffer[] = [];
    let length = 0;
    for (const record of records) {
      const encoded = this.#encode(record);
      if (length > 0 && length + encoded.length > MAX_DATAGRAM) {
        this.#options.send(Buffer.concat(datagram, length));
        datagram = [];
        length = 0;
      }
      datagram.push(encoded);
      length += encoded.length;
    }
    const [only] = datagram;
    this.#options.send(only !== undefined && datagram.length === 1 ? only : Buffer.concat(datagram, length));
  }

  #encode({ type, epoch, fragment }: PlainRecord): Buffer {
    const record = { type, version: DTLS_1_2, epoch, sequenceNumber: this.#recordNumbers[epoch], fragment };
    this.#recordNumbers[epoch] += 1;
    return encodeRecord(
      epoch === 1 && "secrets" in this.#state ? encryptRecord(this.#state.secrets.write, record) : record,
    );
  }

  #onAlert(alert: Buffer): void {
    const [level, description] = alert;
    if (description === Alert.closeNotify) {
      this.close();
      this.#options.events.closed();
    } else if (level === AlertLevel.fatal) {
      this.#end();
      this.#options.events.failed(new Error(`The client broke the DTLS connection off, with alert ${description}.`));
    }
  }

  #fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#alert(AlertLevel.fatal, failure instanceof DtlsError ? failure.description : Alert.handshakeFailure);
    this.#end();
    this.#options.events.failed(failure);
  }

  #alert(level: number, description: AlertDescription): void {
    const epoch = this.#state.phase === "connected" ? 1 : 0;
    this.#transmit([{ type: ContentType.alert, epoch, fragment: Buffer.from([level, description]) }]);
  }

  #end(): void {
    this.#state = { phase: "closed" };
    this.#resendTimer?.cancel();
    this.#early = [];
    this.#transcript = [];
    this.#flight = [];
  }
}

function expect(type: number, expected: number): void {
  if (type !== expected) throw new DtlsError(Alert.unexpectedMessage, `Message ${type} came instead of ${expected}.`);
}

/** The client's public key: a vector of up to 255 bytes. */
function keyIn(body: Buffer): Buffer {
  return new ByteReader(body).vector(1);
}
