package io.hbone.identity.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * What changes when a file does, whichever way it is replaced: rewritten in place, renamed over, or behind a link that moves.
 * To be taken before the content is read: what changes in between then differs the next time.
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
}
