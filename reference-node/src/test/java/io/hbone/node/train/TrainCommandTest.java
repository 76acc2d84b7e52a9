package io.hbone.node.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class TrainCommandTest {

    @ParameterizedTest
    @ValueSource(strings = {"--seconds=1", "--seconds=1 --alone"})
    void carriesEveryKindOfTrafficAndEnds(String options) {
        assertThat(new CommandLine(new TrainCommand()).execute(options.split(" ")))
                .isZero();
    }

    @Test
    void whatComesInIsTunnelledAndComesBack(@TempDir Path directory) throws IOException {
        try (Echo echo = Echo.start(TrainingPair.serviceHost());
                TrainingPair pair = TrainingPair.inCluster(echo.port(), directory)) {
            try (Socket socket =
                    new Socket(pair.entrance().getAddress(), pair.entrance().getPort())) {
                socket.getOutputStream().write(new byte[] {Echo.ECHO, 1, 2, 3});
                socket.shutdownOutput();
                assertThat(socket.getInputStream().readAllBytes()).containsExactly(Echo.ECHO, 1, 2, 3);
            }
            try (Socket page =
                    new Socket(pair.metrics().getAddress(), pair.metrics().getPort())) {
                page.getOutputStream()
                        .write(Traffic.ascii("GET /metrics HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n"));
                InputStream in = page.getInputStream();
                assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                        .containsPattern(
                                "istio_tcp_connections_opened_total\\{.*connection_security_policy=\"mutual_tls\"");
            }
        }
    }

    @Test
    @Tag("root")
    void aPodIsHandedOverAndServed(@TempDir Path directory) throws IOException {
        try (Echo echo = Echo.start(TrainingPair.serviceHost());
                TrainingPair pair = TrainingPair.inCluster(echo.port(), directory)) {
            assertThat(pair.podServed()).succeedsWithin(Duration.ofSeconds(30));
        }
    }
}
