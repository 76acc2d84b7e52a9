package io.hbone.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/**
 * What changes when a file does, whichever way it is replaced: rewritten in place, renamed over, or behind a link that moves. For
 * files that are looked at again and again: mounted files are swapped by symbolic links, and network file systems tell nobody. To be
 * taken before the content is read: what changes in between then differs the next time.
 *
 * @param modified when it was last written
 * @param size bytes
 * @param key the file's own name on its file system
 */
public record FileStamp(FileTime modified, long size, String key) {

    /** @throws IOException when there is none */
    public static FileStamp of(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new FileStamp(attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
    }

    /** Null when there is none; reading the file will say why. */
    public static @Nullable FileStamp find(Path file) {
        try {
            return of(file);
        } catch (IOException e) {
            return null;
        }
    }
}
