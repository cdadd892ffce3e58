package iommulab.app.inspector;

import iommulab.app.inspector.Section.Deed;
import iommulab.app.inspector.Section.Fact;
import iommulab.app.inspector.Section.Offer;
import iommulab.app.shell.Words;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.Ats;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.Pri;
import iommulab.engine.session.Command;
import iommulab.engine.session.DeviceSide;
import iommulab.engine.session.DeviceSide.PageGroup;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a function does for translation itself: its TLB (ATS), its page requests (PRI), its PASIDs.
final class DeviceSideFacts {
    private static final int QUESTION_BYTES = 8;

    private DeviceSideFacts() {}

    /// @param iova an address that the function would ask about
    /// @return nothing for a function without ATS
    static List<Section> of(MachineSnapshot machine, PciFunction function, long iova) {
        var ats = Ats.of(function.config());
        if (ats.isEmpty()) {
            return List.of();
        }
        var side =
                machine.units().stream()
                        .flatMap(unit -> unit.deviceSide(function.address()).stream())
                        .findFirst();
        var facts = new ArrayList<Fact>();
        facts.add(Fact.of("ATS", onOff(ats.get().isEnabled())));
        side.ifPresent(device -> facts.addAll(ofTlb(device)));
        Pri.of(function.config())
                .ifPresent(pri -> facts.add(new Fact("Page requests", pages(pri, side))));
        Pasid.of(function.config())
                .ifPresent(pasid ->
                        facts.add(
                                Fact.of(
                                        "PASIDs",
                                        onOff(pasid.isEnabled()),
                                        Span.muted("%d bits".formatted(pasid.width())))));
        side.ifPresent(device -> device.groups().forEach(group -> facts.add(waiting(group))));
        return List.of(
                new Section.Facts("Device TLB and page requests", "", facts),
                new Section.Offers(offers(function, side, iova), ""));
    }

    private static Span onOff(boolean on) {
        return on ? Span.of("on") : Span.muted("off");
    }

    private static List<Fact> ofTlb(DeviceSide device) {
        var tlb = device.tlb();
        return List.of(
                new Fact("Its TLB", filled(tlb)),
                Fact.of("Has asked", Span.of(Words.count(device.questions(), "time"))),
                Fact.of(
                        "Invalidations",
                        device.answering()
                                ? Span.of("answered")
                                : Span.of(hanging(device), Span.Look.SAYS_FAULT)));
    }

    private static String hanging(DeviceSide device) {
        return device.unanswered() == 0
                ? "not answered"
                : "not answered, %d timed out".formatted(device.unanswered());
    }

    private static List<Span> filled(CacheSnapshot tlb) {
        long stale = tlb.lines().stream().filter(line -> line.stale().isPresent()).count();
        var spans = new ArrayList<Span>();
        spans.add(
                Span.of(
                        "%d × %d, %d filled"
                                .formatted(
                                        tlb.geometry().sets(),
                                        tlb.geometry().ways(),
                                        tlb.lines().size())));
        if (stale > 0) {
            spans.add(Span.of(stale + " stale", Span.Look.STALE));
        }
        return spans;
    }

    private static List<Span> pages(Pri pri, Optional<DeviceSide> side) {
        var spans = new ArrayList<Span>();
        spans.add(onOff(pri.isEnabled()));
        spans.add(Span.muted("at most %d open".formatted(pri.allocation())));
        if (side.filter(DeviceSide::toldToStop).isPresent()) {
            spans.add(Span.of("told to stop", Span.Look.SAYS_FAULT));
        }
        return spans;
    }

    private static Fact waiting(PageGroup group) {
        return Fact.of(
                "Group " + group.group(),
                Span.hex(group.pages().getFirst()),
                Span.muted(
                        "%s to %s, waits for its answer"
                                .formatted(
                                        Words.count(group.pages().size(), "page"),
                                        group.write() ? "write" : "read")));
    }

    private static List<Offer> offers(PciFunction function, Optional<DeviceSide> side, long iova) {
        var address = function.address();
        var offers = new ArrayList<Offer>();
        if (side.isEmpty()) {
            offers.add(offer("Switch ATS on", new Command.SetAts(address, true)));
            return offers;
        }
        offers.add(
                offer(
                        "Ask for " + Words.hex(iova & -QUESTION_BYTES),
                        new Command.IssueDma(
                                address,
                                iova & -QUESTION_BYTES,
                                QUESTION_BYTES,
                                Access.READ,
                                PasidPrefix.NONE,
                                AddressType.TRANSLATION_REQUEST)));
        for (var group : side.get().groups()) {
            offers.add(
                    offer(
                            "Answer group " + group.group(),
                            new Command.AnswerPages(address, group.group(), PageResponse.SUCCESS)));
        }
        boolean answers = side.get().answering();
        offers.add(
                offer(
                        answers ? "Let it hang" : "Let it answer",
                        new Command.SetAnswering(address, !answers)));
        return offers;
    }

    private static Offer offer(String title, Command command) {
        return new Offer(title, new Deed.Do(command));
    }
}
