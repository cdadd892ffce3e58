package iommulab.engine.iommu.smmuv3;

import org.jspecify.annotations.Nullable;

/// What a context is worked out of: equal sources make equal contexts.
///
/// @param kind what becomes of requests
/// @param stream legal
/// @param descriptor of stage 1; null if there is none, or nobody has read it
/// @param world of its stage 1
record ContextSource(
        StreamContext.Kind kind,
        StreamEntry stream,
        @Nullable ContextDescriptor descriptor,
        StreamWorld world) {

    /// A stage 1, or a stage 1 through a stage 2.
    static ContextSource of(StreamEntry stream, ContextDescriptor descriptor, StreamWorld world) {
        var kind = stream.stage2() ? StreamContext.Kind.NESTED : StreamContext.Kind.FIRST;
        return new ContextSource(kind, stream, descriptor, world);
    }

    /// Owner of the address spaces of its stage 1.
    int owner(SmmuCapabilities capabilities) {
        return world.owner(StreamContext.vmid(stream, capabilities));
    }
}
