package io.hbone.node;

import com.sun.jna.Function;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes pages of the JVM's own files out of the process's resident memory: of its library and of its archive of classes, some 40 MB,
 * most was for the start. What is touched again comes back from the page cache. Linux only; elsewhere nothing happens.
 */
final class FilePages {
    private static final Logger log = LoggerFactory.getLogger(FilePages.class);

    private static final Path MAPPINGS = Path.of("/proc/self/maps");
    private static final Path MAPPINGS_WITH_SIZES = Path.of("/proc/self/smaps");

    /** The JVM's, which stay mapped for as long as it runs: an address in them is never another's. */
    private static final List<String> FILES = List.of("/libjvm.so", ".AOTCache", ".SharedArchiveFile", ".jsa");

    /** After the compilers have had their first look. */
    private static final long FIRST_SECONDS = 5;

    /** A busy minute is not paid for until the next start. */
    private static final long PERIOD_SECONDS = 30;

    /** asm-generic/mman-common.h. */
    private static final int MADV_DONTNEED = 4;

    /** Else one touch may bring back 2 MiB. */
    private static final int MADV_NOHUGEPAGE = 15;

    /** A mapping that is private and cannot be written to. */
    private static final Pattern READ_ONLY =
            Pattern.compile("(\\p{XDigit}{1,16})-(\\p{XDigit}{1,16}) r-[x-]p \\S+ \\S+ \\S+ +/.+");

    /** No page of it is a copy that differs from the file's. */
    private static final Pattern UNCHANGED = Pattern.compile("Anonymous: +0 kB");

    /** As the kernel describes them. */
    private final Set<String> mappings;

    private FilePages(Set<String> mappings) {
        this.mappings = mappings;
    }

    /** From now on it happens by itself. */
    static void releaseRegularly(ScheduledExecutorService executor) {
        if (Files.isReadable(MAPPINGS_WITH_SIZES)) {
            executor.schedule(() -> found(executor), FIRST_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static void found(ScheduledExecutorService executor) {
        try {
            FilePages pages = find();
            executor.scheduleWithFixedDelay(pages::releaseOrSay, 0, PERIOD_SECONDS, TimeUnit.SECONDS);
        } catch (IOException e) {
            say(e);
        }
    }

    /** Those of this process. */
    static FilePages find() throws IOException {
        return new FilePages(unchanged(lines(MAPPINGS_WITH_SIZES)));
    }

    private void releaseOrSay() {
        try {
            release();
        } catch (IOException | LinkageError | RuntimeException e) {
            say(e);
        }
    }

    /** It costs memory, and nothing else. */
    private static void say(Throwable why) {
        log.debug("pages of files stay in memory: {}", why.toString());
    }

    /** How many mappings the kernel has released. One that an agent of the JVM has made writable meanwhile is another mapping. */
    int release() throws IOException {
        Function madvise = Function.getFunction("c", "madvise");
        int released = 0;
        for (String line : lines(MAPPINGS)) {
            Matcher mapping = READ_ONLY.matcher(line);
            if (mappings.contains(line) && mapping.matches()) {
                long start = Long.parseUnsignedLong(mapping.group(1), 16);
                NativeLong bytes = new NativeLong(Long.parseUnsignedLong(mapping.group(2), 16) - start);
                // A kernel without huge pages refuses this one, and needs none of it.
                madvise.invokeInt(new Object[] {new Pointer(start), bytes, MADV_NOHUGEPAGE});
                if (madvise.invokeInt(new Object[] {new Pointer(start), bytes, MADV_DONTNEED}) == 0) {
                    released++;
                }
            }
        }
        return released;
    }

    /**
     * The first lines of those of the JVM's files that cannot be written to and hold nothing but what is in the file. With no more
     * than it takes for each of the 8,000 lines: the compilers are no guests that one wants now.
     *
     * @param smaps lines as in proc_pid_smaps(5)
     */
    static Set<String> unchanged(List<String> smaps) {
        Set<String> found = new HashSet<>();
        String current = "";
        for (String line : smaps) {
            int space = line.indexOf(' ');
            if (space > 0 && line.charAt(space - 1) != ':') {
                boolean ours = FILES.stream().anyMatch(line::endsWith)
                        && READ_ONLY.matcher(line).matches();
                current = ours ? line : "";
            } else if (!current.isEmpty() && UNCHANGED.matcher(line).matches()) {
                found.add(current);
            }
        }
        return found;
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    }
}
