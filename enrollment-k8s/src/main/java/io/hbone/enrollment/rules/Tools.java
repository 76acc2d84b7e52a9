package io.hbone.enrollment.rules;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The system's programs, run inside of a network namespace by {@code nsenter}. Java could start them from a thread that is inside,
 * but the thread that awaits their end would stay there, and keep the namespace alive for a minute.
 */
final class Tools {
    private static final Path ENTER = Path.of("nsenter");

    /** For a program that does next to nothing, on a machine that is busy; more than {@link IptablesBackend} waits for a lock. */
    private static final long PATIENCE_SECONDS = 20;

    private static final List<String> UNSUPPORTED =
            List.of("Protocol not supported", "Operation not supported", "Address family not supported");

    private final List<Path> folders;
    private final List<String> before;
    private final Map<String, Path> found = new ConcurrentHashMap<>();

    /** @param before what runs the programs inside, with its arguments */
    Tools(List<Path> folders, List<String> before) {
        this.folders = List.copyOf(folders);
        this.before = List.copyOf(before);
    }

    /** Those on {@code PATH}, and those where only root looks. */
    static Tools system() {
        String path = System.getenv().getOrDefault("PATH", "");
        return new Tools(
                Stream.concat(Stream.of(path.split(":")), Stream.of("/usr/sbin", "/sbin"))
                        .filter(folder -> !folder.isEmpty())
                        .map(Path::of)
                        .toList(),
                List.of());
    }

    /** What a program said when it had ended. */
    record Output(List<String> command, int exit, String printed, String errors) {
        boolean isFine() {
            return exit == 0;
        }

        /** For the operator. */
        RedirectException failure(NetworkNamespace namespace) {
            String said = (errors.isBlank() ? printed : errors).strip().replace("\n", "; ");
            return new RedirectException(
                    String.join(" ", command) + " in " + namespace + ": exit status " + exit + ": " + said
                            + missing(said),
                    null);
        }

        /** Whether the kernel lacks what the program works on. */
        boolean isUnsupported() {
            return !isFine() && UNSUPPORTED.stream().anyMatch(errors::contains);
        }

        private static String missing(String said) {
            if (said.contains("lock file") || !(said.contains("not permitted") || said.contains("ermission denied"))) {
                return "";
            }
            if (said.contains("nsenter")) {
                return " (expected: CAP_SYS_ADMIN to enter the namespace, CAP_SYS_PTRACE to find it)";
            }
            return " (expected: CAP_NET_ADMIN in the user namespace that the network namespace belongs to)";
        }
    }

    /** Where a program is, or null. */
    @Nullable Path find(String program) {
        Path known = found.get(program);
        if (known != null) {
            return known;
        }
        for (Path folder : folders) {
            Path file = folder.resolve(program);
            if (Files.isExecutable(file)) {
                found.put(program, file);
                return file;
            }
        }
        return null;
    }

    /**
     * Runs a program to its end.
     *
     * @param input what it reads
     * @param command a program that {@link #find} finds, and its arguments
     * @throws RedirectException when it could not be run, not when it failed
     */
    Output run(NetworkNamespace namespace, String input, List<String> command) throws RedirectException {
        List<String> whole = new ArrayList<>();
        whole.add(path(ENTER.toString()));
        whole.add("--net=" + namespace.path());
        whole.addAll(before);
        whole.add(path(command.get(0)));
        whole.addAll(command.subList(1, command.size()));
        ProcessBuilder builder = new ProcessBuilder(whole);
        builder.environment().put("LC_ALL", "C");
        Process process = null;
        try {
            process = builder.start();
            process.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).exceptionally(expired(process));
            write(process, input);
            String printed = text(process.getInputStream());
            String errors = text(process.getErrorStream()); // never more than a pipe holds, so it could wait
            return new Output(command, process.waitFor(), printed, errors);
        } catch (IOException e) {
            throw new RedirectException(String.join(" ", command) + " in " + namespace + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RedirectException(String.join(" ", command) + " in " + namespace + ": interrupted", e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    private static String text(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    private static Function<Throwable, Process> expired(Process process) {
        return expired -> process.destroyForcibly(); // its exit status tells
    }

    private String path(String program) throws RedirectException {
        Path path = find(program);
        if (path == null) {
            throw new RedirectException("there is no " + program + " (expected: in one of " + folders + ')', null);
        }
        return path.toString();
    }

    private static void write(Process process, String input) {
        try (OutputStream in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It ended before it had read all: its exit status tells.
        }
    }
}
