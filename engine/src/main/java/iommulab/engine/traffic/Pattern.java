package iommulab.engine.traffic;

import iommulab.engine.pci.PciAddress;

/// Which addresses a device asks for, in which order. All addresses are iova.
public sealed interface Pattern {

    /// One request after the other, from start to end and again.
    ///
    /// @param start first iova
    /// @param bytes length of the range
    record Sequential(long start, long bytes) implements Pattern {}

    /// Every page of the range equally likely.
    record Uniform(long start, long bytes) implements Pattern {}

    /// Few pages often, many pages seldom.
    ///
    /// @param exponent of Zipf's law, 0 (uniform) to 2
    record Zipf(long start, long bytes, double exponent) implements Pattern {}

    /// One request every `strideBytes`.
    record Stride(long start, long bytes, long strideBytes) implements Pattern {}

    /// A network card: reads descriptors of 16 bytes from a ring in memory, then reads or writes the
    /// buffer that each names, then writes the descriptor back.
    ///
    /// @param ring iova of the ring
    /// @param descriptors number of descriptors in it
    /// @param buffers iova of the first buffer that the driver posts
    /// @param bufferBytes size of one buffer
    record NicRing(long ring, int descriptors, long buffers, int bufferBytes) implements Pattern {}

    /// An NVMe controller: reads the submission entry, follows its PRP list (which is itself in
    /// memory and read by DMA), moves the data, writes the completion.
    ///
    /// @param queue iova of the submission queue; the completion queue follows it
    /// @param entries entries of the queue
    /// @param prpLists iova of the PRP lists, one page each
    /// @param data iova of the data pages
    /// @param pagesPerCommand data pages moved by one command
    record NvmePrp(long queue, int entries, long prpLists, long data, int pagesPerCommand)
            implements Pattern {}

    /// Writes to another function's BAR.
    ///
    /// @param target the function whose memory BAR is written
    /// @param bar index of the BAR, 0 to 5
    record PeerToPeer(PciAddress target, int bar) implements Pattern {}

    /// Message-signalled interrupts: DWORD writes into 0xfee00000.
    ///
    /// @param vectors number of vectors
    record Msi(int vectors) implements Pattern {}
}
