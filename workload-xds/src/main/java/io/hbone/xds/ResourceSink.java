package io.hbone.xds;

import java.util.List;

/** Where resources of a type go, whoever delivers them: an ADS client, a watched file, or a program. */
public interface ResourceSink {
    /**
     * Takes one batch whole: readers see all of it or nothing of it, except for what is rejected. Of a name that is in both lists
     * the upsert counts, and of several upserts of one name the last.
     *
     * <p>From any thread; calls are carried out one after another. It returns when readers see the batch, and may take
     * milliseconds for thousands of resources: not for an event loop.
     *
     * @param typeUrl one of {@link TypeUrl}; of another nothing is taken and each upsert is rejected
     * @param upserts new resources, and new versions of known ones
     * @param removals names, unknown ones are ignored
     * @return what was not taken, in the order of {@code upserts}
     */
    List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals);
}
