package io.hbone.identity.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadCertificate;
import io.hbone.identity.testing.FakeClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevCaTest {

    static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");
    static final SpiffeId ID = SpiffeId.ofServiceAccount(TRUST_DOMAIN, "default", "client");

    private final FakeClock clock = FakeClock.create();

    @TempDir
    private Path parent;

    private DevCa open() throws IOException {
        return DevCa.open(parent.resolve("ca"), TRUST_DOMAIN, clock);
    }

    private Path file() {
        return parent.resolve("ca/dev-ca-cluster.local.pem");
    }

    @Test
    void issue_certificate_hasTheShapeOfAnSvid() throws Exception {
        DevCa ca = open();

        WorkloadCertificate issued = ca.issue(ID, Duration.ofHours(1));

        X509Certificate leaf = issued.leaf();
        assertThat(issued.id()).isEqualTo(ID);
        assertThat(issued.chain()).hasSize(1);
        assertThat(issued.notBefore()).isEqualTo(clock.instant().minusSeconds(60));
        assertThat(issued.notAfter()).isEqualTo(clock.instant().plusSeconds(3600));
        assertThat(leaf.getVersion()).isEqualTo(3);
        assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
        assertThat(leaf.getKeyUsage()).containsExactly(true, false, false, false, false, false, false, false, false);
        // serverAuth and clientAuth
        assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, ID.toString()));
        // basicConstraints and keyUsage are critical
        assertThat(leaf.getCriticalExtensionOIDs()).containsExactlyInAnyOrder("2.5.29.19", "2.5.29.15");
        assertThat(leaf.getSigAlgName()).isEqualTo("SHA256withECDSA");
        assertThat(leaf.getSerialNumber().signum()).isPositive();
        assertThat(leaf.getSerialNumber().bitLength()).isBetween(64, 159);
        leaf.verify(ca.bundle().authorities().get(0).getPublicKey());
        assertThat(issued.bundles().of(TRUST_DOMAIN)).isEqualTo(ca.bundle());
    }

    @Test
    void root_isACaOfItsTrustDomainAndNothingElse() throws Exception {
        X509Certificate root = open().bundle().authorities().get(0);

        assertThat(root.getBasicConstraints()).isZero();
        assertThat(root.getKeyUsage()).containsExactly(false, false, false, false, false, true, true, false, false);
        assertThat(root.getSubjectAlternativeNames()).containsExactly(List.of(6, "spiffe://cluster.local"));
        root.verify(root.getPublicKey());
    }

    @Test
    void issue_twoCertificates_haveDifferentKeysAndSerials() throws Exception {
        DevCa ca = open();

        WorkloadCertificate first = ca.issue(ID, Duration.ofHours(1));
        WorkloadCertificate second = ca.issue(ID, Duration.ofHours(1));

        assertThat(first.serial()).isNotEqualTo(second.serial());
        assertThat(first.leaf().getPublicKey()).isNotEqualTo(second.leaf().getPublicKey());
    }

    @Test
    void issue_otherTrustDomain_isRefused() throws Exception {
        SpiffeId foreign = SpiffeId.parse("spiffe://other.example/ns/a/sa/b");

        assertThatThrownBy(() -> open().issue(foreign, Duration.ofHours(1)))
                .hasMessage("trust domain of " + foreign + " (expected: cluster.local, the development CA's)");
    }

    @Test
    void open_again_isTheSameCa() throws Exception {
        assertThat(open().bundle()).isEqualTo(open().bundle());
    }

    @Test
    void open_otherTrustDomain_isAnotherCa() throws Exception {
        DevCa other = DevCa.open(parent.resolve("ca"), TrustDomain.of("other.example"), clock);

        assertThat(other.bundle().authorities()).isNotEqualTo(open().bundle().authorities());
    }

    @Test
    void open_newDirectory_isForItsOwnerAlone() throws Exception {
        open();

        assertThat(permissions(parent.resolve("ca"))).isEqualTo("rwx------");
        assertThat(permissions(file())).isEqualTo("rw-------");
        assertThat(Files.readString(parent.resolve("ca/dev-ca-cluster.local.crt")))
                .startsWith("-----BEGIN CERTIFICATE-----")
                .doesNotContain("PRIVATE");
        assertThat(names(parent.resolve("ca")))
                .containsExactlyInAnyOrder("dev-ca-cluster.local.pem", "dev-ca-cluster.local.crt");
    }

    /** Processes differ from threads in nothing that this uses: the file system decides. */
    @Test
    void open_manyAtOnce_oneMakesItAndAllUseIt() throws Exception {
        int racers = 16;
        CyclicBarrier start = new CyclicBarrier(racers);
        ExecutorService threads = Executors.newFixedThreadPool(racers);
        try {
            List<Future<DevCa>> opened = new ArrayList<>();
            for (int i = 0; i < racers; i++) {
                opened.add(threads.submit(() -> {
                    start.await();
                    return DevCa.open(parent.resolve("ca"), TRUST_DOMAIN, Clock.systemUTC());
                }));
            }
            Set<Object> bundles = new java.util.HashSet<>();
            for (Future<DevCa> one : opened) {
                bundles.add(one.get().bundle());
            }
            assertThat(bundles).hasSize(1);
            assertThat(names(parent.resolve("ca"))).hasSize(2);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void open_keyThatOthersMayRead_isRefused() throws Exception {
        open();
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r-----"));

        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessage("development CA in " + parent.resolve("ca")
                        + ": dev-ca-cluster.local.pem: mode rw-r-----, so others may have its key (expected: rw-------);"
                        + " delete it to have a new one made");
    }

    @Test
    void open_directoryThatOthersMayWrite_isRefused() throws Exception {
        open();
        Files.setPosixFilePermissions(parent.resolve("ca"), PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("others may write to it");
    }

    @Test
    void open_linkInPlaceOfTheDirectory_isRefused() throws Exception {
        Path elsewhere = Files.createDirectory(parent.resolve("elsewhere"));
        Files.createSymbolicLink(parent.resolve("ca"), elsewhere);

        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not a directory (expected: a directory, and no link to one)");
    }

    @Test
    void open_linkInPlaceOfTheFile_isRefused() throws Exception {
        open();
        Files.move(file(), parent.resolve("stolen.pem"));
        Files.createSymbolicLink(file(), parent.resolve("stolen.pem"));

        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("not a plain file");
    }

    @Test
    void open_brokenFile_saysSo() throws Exception {
        open();
        Files.writeString(file(), "nonsense");

        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("dev-ca-cluster.local.pem: no certificate in it")
                .hasMessageEndingWith("; delete it to have a new one made");
    }

    @Test
    void open_expiredCa_saysSo() throws Exception {
        open();
        clock.jump(Duration.ofDays(4000));

        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("ended 2036-");
    }

    @Test
    void issue_lifetimeBeyondTheCa_isRefused() throws Exception {
        DevCa ca = open();
        clock.jump(Duration.ofDays(3649).plusHours(23));

        assertThatThrownBy(() -> ca.issue(ID, Duration.ofHours(2)))
                .hasMessageStartingWith("development CA: ends 2036-");
    }

    @Test
    void open_unwritablePlace_saysWhere() throws Exception {
        Path file = Files.createFile(parent.resolve("file"));

        assertThatThrownBy(() -> DevCa.open(file.resolve("ca"), TRUST_DOMAIN, clock))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("development CA in " + file.resolve("ca") + ": ");
    }

    @Test
    void defaultDirectory_isOfThisUser() {
        assertThat(DevCa.defaultDirectory().getFileName().toString()).matches("hbone-dev-ca-\\d+");
    }

    private static String permissions(Path path) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static List<String> names(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toList());
        }
    }
}
