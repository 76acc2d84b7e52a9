package io.hbone.node.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class TlsRecordsTest {
    private static final String SESSION_ID = "00";
    private static final String CHANGE_CIPHER_SPEC = "140303000101";
    private static final String PROTECTED = "1703030004deadbeef";

    private static byte[] bytes(String... hex) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String part : hex) {
            out.writeBytes(HexFormat.of().parseHex(part));
        }
        return out.toByteArray();
    }

    private static String record(int type, String minor, String body) {
        return "%02x03%s%04x%s".formatted(type, minor, body.length() / 2, body);
    }

    private static String hello(int message, String rest) {
        String body = "0303" + "ab".repeat(32) + SESSION_ID + rest;
        return "%02x%06x%s".formatted(message, body.length() / 2, body);
    }

    private static String serverHello(String extensions) {
        return record(22, "03", hello(2, "130100" + "%04x".formatted(extensions.length() / 2) + extensions));
    }

    /** Of a server hello's record, where the first extension of six bytes ends. */
    private static final int VERSIONS_END = 50;

    private static final String TLS13 = "002b00020304";
    private static final String GROUP = "0033000411ec0000";

    @Test
    void serverOfTls13_saysWhatWasAgreed() {
        TlsRecords read = TlsRecords.of(bytes(serverHello(TLS13 + GROUP), CHANGE_CIPHER_SPEC, PROTECTED, PROTECTED));

        assertThat(read).isEqualTo(new TlsRecords("TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768", 2, null));
    }

    @Test
    void clientOfTls13_hasNoProblem() {
        TlsRecords read = TlsRecords.of(bytes(record(22, "01", hello(1, "")), CHANGE_CIPHER_SPEC, PROTECTED));

        assertThat(read).isEqualTo(new TlsRecords(null, null, null, 1, null));
    }

    @Test
    void lastRecordOnItsWay_isNotCounted() {
        assertThat(TlsRecords.of(bytes(serverHello(TLS13), PROTECTED, "1703030010dead"))
                        .protectedRecords())
                .isEqualTo(1);
    }

    @Test
    void serverHelloWithoutVersions_isNoTls13() {
        assertThat(TlsRecords.of(bytes(serverHello(GROUP))).version()).isEqualTo("TLSv1.2 or older");
    }

    @Test
    void certificateInTheClear_isAProblem() {
        assertThat(TlsRecords.of(bytes(serverHello(TLS13), record(22, "03", "0b000000")))
                        .problem())
                .contains("type 11 in the clear");
    }

    @Test
    void alertInTheClear_isAProblem() {
        assertThat(TlsRecords.of(bytes(serverHello(TLS13), record(21, "03", "0228")))
                        .problem())
                .contains("type 21 in the clear");
    }

    @Test
    void plaintext_isAProblem() {
        assertThat(TlsRecords.of("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII))
                        .problem())
                .isEqualTo("no TLS record at byte 0");
    }

    @Test
    void plaintextBehindTls_isAProblem() {
        assertThat(TlsRecords.of(bytes(serverHello(TLS13), PROTECTED, "47455420"))
                        .problem())
                .isNull(); // less than a header: it may be one
        assertThat(TlsRecords.of(bytes(serverHello(TLS13), PROTECTED, "4745542020"))
                        .problem())
                .contains("no TLS record at byte");
    }

    @Test
    void nothing_isAProblem() {
        assertThat(TlsRecords.of(new byte[0]).problem()).isEqualTo("no hello");
    }

    @Test
    void helloCutShort_isNoException() {
        byte[] whole = bytes(serverHello(TLS13 + GROUP));
        for (int length = 0; length < VERSIONS_END; length++) {
            byte[] cut = Arrays.copyOf(whole, whole.length);
            cut[3] = 0;
            cut[4] = (byte) length; // a record that ends inside of the hello
            assertThat(TlsRecords.of(Arrays.copyOf(cut, 5 + length)).version()).isNotEqualTo("TLSv1.3");
        }
    }
}
