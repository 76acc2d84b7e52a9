package io.hbone.netty.relay;

import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.nio.channels.NotYetConnectedException;

/** Ends one direction of a socket. */
final class HalfClose {
    private HalfClose() {}

    /**
     * Sends a FIN on a socket that has nothing left to write, and will be given nothing. From now on the end of its input is its
     * close: Netty would first shut down the input of what the kernel has closed, and learn by an exception that it has.
     */
    static void endOutput(DuplexChannel channel) {
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        if (!(channel instanceof UnixChannel kernel && kernel.fd() instanceof Socket socket)) {
            channel.shutdownOutput();
            return;
        }
        // Netty's own way makes an exception, with its stack, for the writes that would fail with it: a tenth of a
        // connection's work.
        try {
            socket.shutdown(false, true);
        } catch (IOException | NotYetConnectedException e) {
            // it has been reset: its input tells of that, too
        }
    }
}
