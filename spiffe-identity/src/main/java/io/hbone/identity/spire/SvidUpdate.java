package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that an agent has for one subscription now; what is not in it any more is withdrawn.
 *
 * @param svids in the agent's order
 * @param federatesWith which foreign trust domains their holders believe, as ids or names
 * @param federatedBundles of the foreign trust domains, when they come with the SVIDs; null when they come by another way
 */
record SvidUpdate(
        List<Svid> svids,
        List<String> federatesWith,
        @Nullable Map<String, ByteString> federatedBundles) {}
