package io.hbone.node.telemetry;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** Which version this is, as Maven noted it in the jar. */
public final class Version {
    private static final String NOTED = "/META-INF/maven/io.hbone/reference-node/pom.properties";

    private Version() {}

    /** {@code dev} when it does not run from a jar. */
    public static String current() {
        try (InputStream in = Version.class.getResourceAsStream(NOTED)) {
            if (in == null) {
                return "dev";
            }
            Properties noted = new Properties();
            noted.load(in);
            return noted.getProperty("version", "dev");
        } catch (IOException e) {
            return "dev";
        }
    }
}
