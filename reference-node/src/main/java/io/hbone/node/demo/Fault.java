package io.hbone.node.demo;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What can be broken on purpose, so that one sees the demo fail: a demo that cannot fail shows nothing. */
enum Fault {
    /** Nothing. */
    NONE,
    /** The client's node does not know that the server is enrolled: it sends plaintext. */
    UNENROLLED,
    /** The client's node expects somebody else at the server's address: it must refuse to talk. */
    IMPOSTOR,
    /** The wire flips a bit of every connection. */
    TAMPER;

    /** As the command line and the report spell it. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static List<String> texts() {
        return Arrays.stream(values()).map(Fault::text).toList();
    }

    /** Reads it. */
    static final class Converter implements ITypeConverter<Fault> {
        @Override
        public Fault convert(String value) {
            for (Fault fault : values()) {
                if (fault.text().equals(value)) {
                    return fault;
                }
            }
            throw new TypeConversionException(value + " (expected: " + String.join(", ", texts()) + ")");
        }
    }

    /** For the completion of command lines. */
    static final class Candidates implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return texts().iterator();
        }
    }
}
