package io.hbone.bench.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.netty.socket.Transport;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is compared must work before it is measured. */
@Timeout(120)
class WireTest {

    private static final Transport TRANSPORT = Transport.of(System.getProperty("hbone.transport", "epoll"));
    private static final int PAYLOAD = 64 * 1024;

    @ParameterizedTest
    @EnumSource
    void direct_severalStreams_allBytesArrive(Wire wire) throws InterruptedException {
        try (Transfer transfer = Transfer.direct(wire, TRANSPORT, 4, PAYLOAD)) {
            transfer.run();
        }
    }

    @ParameterizedTest
    @EnumSource
    void relayed_severalStreams_allBytesArrive(Wire wire) throws InterruptedException {
        try (Transfer transfer = Transfer.relayed(wire, TRANSPORT, 4, PAYLOAD)) {
            transfer.run();
        }
    }

    @ParameterizedTest
    @EnumSource
    void end_ofAStream_closesItsChannel(Wire wire) throws InterruptedException {
        Bystander bystander = new Bystander();
        AtomicInteger ended = new AtomicInteger();
        try (Loopback loopback = new Loopback(TRANSPORT);
                Carrier carrier = wire.direct(loopback, bystander)) {
            new ClosedLoop(loopback.clientLoop(), 2, () -> {
                        Promise<Void> closed = loopback.clientLoop().newPromise();
                        carrier.open(bystander).addListener((Future<Channel> opened) -> {
                            opened.getNow().closeFuture().addListener(done -> {
                                ended.incrementAndGet();
                                closed.setSuccess(null);
                            });
                            carrier.end(opened.getNow());
                        });
                        return closed;
                    })
                    .run(8);
        }
        assertThat(ended).hasValue(8);
    }
}
