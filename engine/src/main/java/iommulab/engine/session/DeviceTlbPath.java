package iommulab.engine.session;

import iommulab.engine.ats.AtsFunction;
import iommulab.engine.ats.DeviceTlb;
import iommulab.engine.ats.PageRequestInterface.Wanted;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.pci.AddressType;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import java.util.List;

/// The way of requests of a device that has a TLB: it sends what it knows as translated, asks for what it
/// does not know, and asks for pages that nobody mapped, if it may.
/// Spec: PCI Express, "Address Translation Services", "Page Request Services".
final class DeviceTlbPath {
    private final DmaPath path;

    DeviceTlbPath(DmaPath path) {
        this.path = path;
    }

    /// One request as the device would send it.
    void issue(Dma dma, Unit unit, AtsFunction device) {
        path.arrive(dma, unit);
        unit.tally.bytes += dma.bytes;
        int access = dma.prefix.rights(dma.access);
        int pasid = dma.prefix.pasid();
        long word = device.tlb().find(pasid, dma.iova, access);
        boolean known = word != Iotlb.MISS;
        boolean stale = known && isStale(dma, unit, word);
        if (!known) {
            word = device.tlb().ask(pasid, dma.iova, access);
            path.charge(dma, unit, unit.hardware());
            known = unit.hardware().lastHit();
            stale = known && word >= 0 && unit.hardware().lastWasStale();
            dma.note = "asked for the translation first, then sent translated";
        } else {
            dma.note = "translated by the device TLB";
        }
        if (word == Iommu.INTERRUPT_WINDOW) {
            untranslated(dma, unit, access);
        } else if (word < 0) {
            notTranslated(dma, unit, device, word);
        } else {
            translated(dma, unit, Iotlb.hpa(word, dma.iova), access);
            if (dma.fault == null && dma.outcome != DmaOutcome.BLOCKED) {
                count(dma, unit, known, stale);
            }
        }
    }

    private void count(Dma dma, Unit unit, boolean known, boolean stale) {
        if (known) {
            path.hit(dma, unit, stale);
        } else {
            path.walked(dma, unit);
        }
    }

    private static boolean isStale(Dma dma, Unit unit, long word) {
        int access = dma.prefix.rights(dma.access);
        long fresh =
                unit.forDeviceTlbs()
                        .fresh(dma.requester, dma.prefix.pasid(), dma.iova, access | Iommu.ASKS);
        return !agrees(word, fresh, dma.iova, access);
    }

    /// Whether an answer that the IOMMU would give now grants what a line of a device TLB grants.
    static boolean agrees(long word, long fresh, long iova, int access) {
        int needs = access & (Iommu.READ | Iommu.WRITE | Iommu.EXECUTE);
        return fresh >= 0
                && (fresh & needs) == needs
                && Iotlb.hpa(fresh, iova) == Iotlb.hpa(word, iova);
    }

    /// The device asks, and keeps the answer.
    void ask(Dma dma, Unit unit, AtsFunction device) {
        path.arrive(dma, unit);
        int access = dma.prefix.rights(dma.access);
        dma.type = AddressType.TRANSLATION_REQUEST;
        long word = device.tlb().ask(dma.prefix.pasid(), dma.iova, access);
        path.charge(dma, unit, unit.hardware());
        if (word == Iommu.INTERRUPT_WINDOW) {
            path.notSent(dma, unit, "the answer: untranslated requests only");
        } else if (word < 0) {
            notTranslated(dma, unit, device, word);
        } else {
            dma.target = Iotlb.hpa(word, dma.iova);
            dma.note = "a translation, kept in the device TLB";
            boolean hit = unit.hardware().lastHit();
            count(dma, unit, hit, hit && unit.hardware().lastWasStale());
        }
    }

    /// The device claims that the address is an hpa.
    void sendTranslated(Dma dma, Unit unit) {
        path.arrive(dma, unit);
        unit.tally.bytes += dma.bytes;
        dma.note = "sent as translated already";
        dma.type = AddressType.TRANSLATED;
        translated(dma, unit, dma.iova, dma.prefix.rights(dma.access));
        if (dma.fault == null && dma.outcome != DmaOutcome.BLOCKED) {
            path.bypassed(dma, unit);
        }
    }

    private void translated(Dma dma, Unit unit, long hpa, int access) {
        var hardware = unit.hardware();
        int pasid = dma.prefix.pasid();
        long translated = hardware.translate(dma.requester, pasid, hpa, access | Iommu.TRANSLATED);
        path.charge(dma, unit, hardware);
        long answer = serve(dma, unit, translated);
        if (answer < 0) {
            // The IOMMU saw this address, and records it.
            dma.iova = hpa;
            dma.type = AddressType.TRANSLATED;
            path.stopped(dma, unit, hardware, answer);
        } else {
            dma.target = answer;
            path.reachPeer(dma, answer);
        }
    }

    /// A translated address that is the guest's may lead to an interrupt file in memory.
    private long serve(Dma dma, Unit unit, long answer) {
        boolean walked = answer >= 0 && !unit.hardware().lastHit();
        return walked ? path.serve(dma, unit, unit.hardware(), answer) : answer;
    }

    private void untranslated(Dma dma, Unit unit, int access) {
        var hardware = unit.hardware();
        long answer = hardware.translate(dma.requester, dma.prefix.pasid(), dma.iova, access);
        path.charge(dma, unit, hardware);
        dma.note = "the device was told to send this address untranslated";
        path.finish(dma, unit, hardware, answer);
    }

    private void notTranslated(Dma dma, Unit unit, AtsFunction device, long answer) {
        if (answer == DeviceTlb.NO_TRANSLATION) {
            path.notSent(dma, unit, refusal(dma, unit, device));
        } else {
            dma.note = "the IOMMU refused the question";
            dma.type = AddressType.TRANSLATION_REQUEST;
            path.stopped(dma, unit, unit.hardware(), answer);
        }
    }

    private String refusal(Dma dma, Unit unit, AtsFunction device) {
        var pages = device.pages();
        if (!pages.isEnabled()) {
            return "the IOMMU grants the device no such access, so it sends nothing";
        }
        boolean read = dma.access == Access.READ;
        var group = pages.ask(List.of(new Wanted(dma.prefix, dma.iova, read, !read, dma.bytes)));
        pages.refusals().forEach(reason -> path.pageRefused(dma, unit, reason));
        return group.map("the device sends nothing and asks for the page, group %d"::formatted)
                .orElse("the device sends nothing, and may ask for no page now");
    }
}
