/** A UDP relay that loses packets: what is between a browser and a media node on a bad line. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

interface Target {
  readonly address: string;
  readonly port: number;
}

export class LossyUdp {
  readonly port: number;
  /** Share of the packets that are lost, each way. May change at any time. */
  loss = 0;
  lost = 0;
  passed = 0;
  readonly #front: Socket;
  readonly #back: Socket;

  private constructor(front: Socket, back: Socket, target: Target) {
    this.#front = front;
    this.#back = back;
    this.port = front.address().port;
    let client: RemoteInfo | undefined;
    front.on("message", (packet, from) => {
      client = from;
      if (this.#passes()) back.send(packet, target.port, target.address);
    });
    back.on("message", (packet) => {
      if (client !== undefined && this.#passes()) front.send(packet, client.port, client.address);
    });
  }

  /** @param target the media node, on this machine */
  static async open(target: Target): Promise<LossyUdp> {
    const sockets = [createSocket("udp4"), createSocket("udp4")] as const;
    for (const socket of sockets) {
      socket.bind(0);
      await once(socket, "listening");
    }
    return new LossyUdp(...sockets, target);
  }

  close(): void {
    this.#front.close();
    this.#back.close();
  }

  #passes(): boolean {
    const passes = Math.random() >= this.loss;
    if (passes) this.passed += 1;
    else this.lost += 1;
    return passes;
  }
}
