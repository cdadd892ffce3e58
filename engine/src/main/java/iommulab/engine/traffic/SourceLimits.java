package iommulab.engine.traffic;

import iommulab.engine.memory.AddressRange;

import java.util.Optional;

/// What a pattern must be like so that a device can follow it.
final class SourceLimits {
    private static final long PAGE_BYTES = 4096;
    private static final long MOST_BYTES = 1L << 48;
    private static final long HIGHEST = 1L << 57;
    private static final int MOST_DESCRIPTORS = 65_536;
    private static final int MOST_VECTORS = 2048;
    private static final int MOST_BUFFER_BYTES = 0xffff;

    private final TrafficSource source;

    private SourceLimits(TrafficSource source) {
        this.source = source;
    }

    static void require(TrafficSource source, Optional<AddressRange> peerBar) throws SourceRefused {
        var limits = new SourceLimits(source);
        switch (source.pattern()) {
            case Pattern.Sequential(long start, long bytes) -> limits.range(start, bytes);
            case Pattern.Uniform(long start, long bytes) -> limits.pages(start, bytes);
            case Pattern.Zipf zipf -> limits.zipf(zipf);
            case Pattern.Stride(long start, long bytes, long stride) -> {
                limits.range(start, bytes);
                limits.between("the stride", stride, 1, bytes);
            }
            case Pattern.NicRing ring -> limits.nic(ring);
            case Pattern.NvmePrp queue -> limits.nvme(queue);
            case Pattern.PeerToPeer peer -> limits.peer(peer, peerBar);
            case Pattern.Msi(int vectors) ->
                    limits.between("the number of vectors", vectors, 1, MOST_VECTORS);
        }
    }

    private void zipf(Pattern.Zipf zipf) throws SourceRefused {
        pages(zipf.start(), zipf.bytes());
        if (!(zipf.exponent() >= 0 && zipf.exponent() <= 2)) {
            throw refused("EINVAL", "the exponent is %s. Take 0 to 2.".formatted(zipf.exponent()));
        }
    }

    private void nic(Pattern.NicRing ring) throws SourceRefused {
        between("the number of descriptors", ring.descriptors(), 1, MOST_DESCRIPTORS);
        between("the size of a buffer", ring.bufferBytes(), 1, MOST_BUFFER_BYTES);
        aligned("the ring", ring.ring(), NicRingLayout.DESCRIPTOR_BYTES);
        var layout = new NicRingLayout(ring);
        range(ring.ring(), layout.ringBytes());
        range(ring.buffers(), layout.bufferSpan());
    }

    private void nvme(Pattern.NvmePrp queue) throws SourceRefused {
        between("the number of entries", queue.entries(), 2, MOST_DESCRIPTORS);
        between("the pages per command", queue.pagesPerCommand(), 1, NvmeLayout.MOST_PAGES);
        aligned("the queue", queue.queue(), PAGE_BYTES);
        aligned("the first PRP list", queue.prpLists(), PAGE_BYTES);
        aligned("the first data page", queue.data(), PAGE_BYTES);
        var layout = new NvmeLayout(queue);
        range(queue.queue(), layout.queueSpan());
        range(queue.prpLists(), layout.list(queue.entries()) - queue.prpLists());
        range(queue.data(), layout.data(queue.entries(), 0) - queue.data());
    }

    private void peer(Pattern.PeerToPeer peer, Optional<AddressRange> bar) throws SourceRefused {
        if (bar.isEmpty()) {
            throw refused(
                    "ENXIO",
                    "%s has no memory BAR %d. Choose another BAR, or another function."
                            .formatted(peer.target(), peer.bar()));
        }
    }

    private void pages(long start, long bytes) throws SourceRefused {
        aligned("the start", start, PAGE_BYTES);
        aligned("the length", bytes, PAGE_BYTES);
        range(start, bytes);
    }

    private void range(long start, long bytes) throws SourceRefused {
        if (bytes < 1 || bytes > MOST_BYTES || start < 0 || start > HIGHEST - bytes) {
            throw refused(
                    "ERANGE",
                    "0x%x bytes from 0x%x on are no range of iova. Take 1 byte to 256 TiB below 2^57."
                            .formatted(bytes, start));
        }
    }

    private void aligned(String what, long value, long to) throws SourceRefused {
        if (value % to != 0) {
            throw refused(
                    "EINVAL", "%s is 0x%x. Take a multiple of 0x%x.".formatted(what, value, to));
        }
    }

    private void between(String what, long value, long least, long most) throws SourceRefused {
        if (value < least || value > most) {
            throw refused("EINVAL", "%s is %d. Take %d to %d.".formatted(what, value, least, most));
        }
    }

    private SourceRefused refused(String errno, String why) {
        return new SourceRefused(
                errno, "Source %d of %s: %s".formatted(source.id(), source.device(), why));
    }
}
