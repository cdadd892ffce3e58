package iommulab.engine.ats;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.AtsDevice;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;

import java.util.List;
import java.util.Optional;

/// A PCI function with translation services: its TLB, its page request interface, and what its PASID
/// capability allows.
///
/// Not thread-safe: one engine thread owns it.
public final class AtsFunction implements AtsDevice {
    private final DeviceTlb tlb;
    private final PageRequestInterface pages;
    private PasidCapability pasids;

    /// A function that is connected to its IOMMU; everything is switched off but what `pasids` says.
    ///
    /// @param requester ID under which the IOMMU knows it
    /// @param capacity page requests that may be open at once
    /// @param seed of random replacement
    public AtsFunction(
            AtsIommu iommu,
            int requester,
            PasidCapability pasids,
            CacheGeometry geometry,
            int capacity,
            long seed) {
        this.pasids = pasids;
        tlb = new DeviceTlb(iommu, requester, geometry, seed);
        pages = new PageRequestInterface(iommu, requester, capacity);
        iommu.connect(requester, this);
    }

    public DeviceTlb tlb() {
        return tlb;
    }

    public PageRequestInterface pages() {
        return pages;
    }

    public PasidCapability pasids() {
        return pasids;
    }

    /// Software has written the PASID control register, say.
    public void setPasids(PasidCapability value) {
        pasids = value;
    }

    /// What became of one request.
    public sealed interface Sent {
        /// @param answer see [iommulab.engine.iommu.Iommu#translate]
        record Answered(long answer) implements Sent {}

        /// @param why one sentence
        record NotSent(String why) implements Sent {}

        /// Nothing is mapped there. With page requests on, the page was asked for.
        ///
        /// @param group of the page request, if one was sent
        record Unmapped(Optional<Integer> group) implements Sent {}
    }

    /// Sends one request that lies within a 4 KiB page.
    public Sent send(PasidPrefix prefix, long iova, Access access) {
        var obstacle = pasids.obstacle(prefix);
        if (obstacle.isPresent()) {
            return new Sent.NotSent(obstacle.get());
        }
        long answer = tlb.translate(prefix.pasid(), iova, prefix.rights(access));
        if (answer != DeviceTlb.NO_TRANSLATION) {
            return new Sent.Answered(answer);
        }
        boolean read = access == Access.READ;
        var wanted = new PageRequestInterface.Wanted(prefix, iova, read, !read);
        return new Sent.Unmapped(pages.ask(List.of(wanted)));
    }

    @Override
    public void invalidate(int pasid, long iova, int rangeShift, boolean allPasids, int tag) {
        tlb.invalidate(pasid, iova, rangeShift, allPasids, tag);
    }

    @Override
    public void respond(int pasid, int group, PageResponse response) {
        pages.respond(group, response);
    }
}
