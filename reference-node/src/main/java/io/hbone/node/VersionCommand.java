package io.hbone.node;

import io.hbone.node.telemetry.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** {@code hbone version}. */
@Command(name = "version", description = "Says which version this is, and of Java.")
final class VersionCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        System.out.println(text());
        return 0;
    }

    private static String text() {
        return "hbone " + Version.current() + " (Java " + Runtime.version() + ")";
    }

    /** For {@code --version}. */
    static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {text()};
        }
    }
}
