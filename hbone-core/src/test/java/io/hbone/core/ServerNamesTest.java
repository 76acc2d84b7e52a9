package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerNamesTest {
    private static final int EMAIL = 1;
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    @ParameterizedTest(name = "{0} for {1}: {2}")
    @CsvSource({
        "istiod.istio-system.svc,     istiod.istio-system.svc,     true",
        "Istiod.ISTIO-system.svc,     istiod.istio-system.svc,     true",
        "istiod.istio-system.svc,     ISTIOD.istio-system.svc,     true",
        "istiod.istio-system.svc,     istiod.other.svc,            false",
        "istiod.istio-system.svc,     istiod,                      false",
        "*.istio-system.svc,          istiod.istio-system.svc,     true",
        "*.istio-system.svc,          istio-system.svc,            false",
        "*.istio-system.svc,          a.istiod.istio-system.svc,   false",
        "istio*.istio-system.svc,     istiod.istio-system.svc,     false",
        "*.svc,                       istiod.svc,                  false",
        "*,                           localhost,                   false",
        "localhost,                   localhost,                   true"
    })
    void certificateForOneName(String presented, String expected, boolean matches) throws Exception {
        X509Certificate certificate = bearing(List.of(DNS_NAME, presented));

        assertThat(accepts(new ServerNames(Set.of(expected)), certificate)).isEqualTo(matches);
    }

    @Test
    void eitherName_isEnough() throws Exception {
        ServerNames names = ServerNames.of("10.0.0.1", "istiod.istio-system.svc");

        assertThat(accepts(names, bearing(List.of(IP_ADDRESS, "10.0.0.1")))).isTrue();
        assertThat(accepts(names, bearing(List.of(DNS_NAME, "a"), List.of(DNS_NAME, "istiod.istio-system.svc"))))
                .isTrue();
        assertThat(accepts(names, bearing(List.of(EMAIL, "istiod.istio-system.svc"))))
                .isFalse();
    }

    @Test
    void noNameThatFits_saysWhichThereAre() throws Exception {
        X509Certificate certificate = bearing(List.of(DNS_NAME, "other.svc"), List.of(IP_ADDRESS, "10.0.0.2"));

        assertThatExceptionOfType(CertificateException.class)
                .isThrownBy(() -> ServerNames.of("istiod.svc", null).verify(certificate))
                .withMessage("the server's certificate is for [other.svc, 10.0.0.2] (expected: one of [istiod.svc])");
    }

    @Test
    void certificateWithoutAlternativeNames_isForNobody() throws Exception {
        X509Certificate certificate = mock(X509Certificate.class);
        when(certificate.getSubjectAlternativeNames()).thenReturn(null);

        assertThatExceptionOfType(CertificateException.class)
                .isThrownBy(() -> ServerNames.of("istiod.svc", null).verify(certificate))
                .withMessage("the server's certificate is for [] (expected: one of [istiod.svc])");
    }

    @Test
    void noNames_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ServerNames(Set.of()))
                .withMessage("server names: none (expected: at least one)");
    }

    private static boolean accepts(ServerNames names, X509Certificate certificate) {
        try {
            names.verify(certificate);
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }

    private static X509Certificate bearing(List<?>... alternatives) throws CertificateParsingException {
        X509Certificate certificate = mock(X509Certificate.class);
        when(certificate.getSubjectAlternativeNames())
                .thenReturn(Stream.of(alternatives).toList());
        return certificate;
    }
}
