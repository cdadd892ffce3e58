package iommulab.engine.session;

import iommulab.engine.os.Invalidation;

/// Invalidations in the call vocabulary: `iommu.invalidate(unit=dmar0, what=iotlb_page, …)`.
final class InvalidationText {
    private InvalidationText() {}

    static Call toCall(Command.Invalidate command) {
        var call = Call.of("iommu.invalidate").with("unit", command.unit());
        var what =
                switch (command.what()) {
                    case Invalidation.ContextGlobal() -> call.with("what", "context_global");
                    case Invalidation.ContextDomain(int tag) ->
                            call.with("what", "context_domain").with("tag", tag);
                    case Invalidation.ContextDevice(int tag, int requester, int functionMask) ->
                            call.with("what", "context_device")
                                    .with("tag", tag)
                                    .withHex("requester", requester & 0xffff_ffffL)
                                    .with("functionMask", functionMask);
                    case Invalidation.IotlbGlobal() -> call.with("what", "iotlb_global");
                    case Invalidation.IotlbDomain(int tag) ->
                            call.with("what", "iotlb_domain").with("tag", tag);
                    case Invalidation.IotlbPage(int tag, long iova, int addressMask) ->
                            call.with("what", "iotlb_page")
                                    .with("tag", tag)
                                    .withHex("iova", iova)
                                    .with("addressMask", addressMask);
                    case Invalidation.PasidEntries(int tag, int pasid) ->
                            (pasid == -1 ? call : call.withHex("pasid", pasid & 0xffff_ffffL))
                                    .with("what", "pasid_entries")
                                    .with("tag", tag);
                    case Invalidation.PasidTranslations(int tag, int pasid) ->
                            call.with("what", "pasid_translations")
                                    .with("tag", tag)
                                    .withHex("pasid", pasid & 0xffff_ffffL);
                    case Invalidation.DeviceTlb(
                                    int requester,
                                    int pasid,
                                    long iova,
                                    int addressMask) ->
                            (pasid == -1 ? call : call.withHex("pasid", pasid & 0xffff_ffffL))
                                    .with("what", "device_tlb")
                                    .withHex("requester", requester & 0xffff_ffffL)
                                    .withHex("iova", iova)
                                    .with("addressMask", addressMask);
                };
        var sent = what.with("via", command.viaQueue() ? "queue" : "register");
        return command.waits() ? sent : sent.with("wait", "false");
    }

    static Command toCommand(CallArguments a) throws CommandRefused {
        var what =
                switch (a.word("what")) {
                    case "context_global" -> new Invalidation.ContextGlobal();
                    case "context_domain" -> new Invalidation.ContextDomain(a.count("tag"));
                    case "context_device" ->
                            new Invalidation.ContextDevice(
                                    a.count("tag"), a.count("requester"), a.count("functionMask"));
                    case "iotlb_global" -> new Invalidation.IotlbGlobal();
                    case "iotlb_domain" -> new Invalidation.IotlbDomain(a.count("tag"));
                    case "iotlb_page" ->
                            new Invalidation.IotlbPage(
                                    a.count("tag"), a.number("iova"), a.count("addressMask"));
                    case "pasid_entries" ->
                            new Invalidation.PasidEntries(
                                    a.count("tag"),
                                    a.optional("pasid").isPresent() ? a.count("pasid") : -1);
                    case "pasid_translations" ->
                            new Invalidation.PasidTranslations(a.count("tag"), a.count("pasid"));
                    case "device_tlb" ->
                            new Invalidation.DeviceTlb(
                                    a.count("requester"),
                                    a.optional("pasid").isPresent() ? a.count("pasid") : -1,
                                    a.number("iova"),
                                    a.count("addressMask"));
                    default ->
                            throw a.refused(
                                    "argument 'what': take context_global, context_domain,"
                                            + " context_device, iotlb_global, iotlb_domain,"
                                            + " iotlb_page, pasid_entries, pasid_translations or"
                                            + " device_tlb");
                };
        boolean viaQueue =
                switch (a.word("via")) {
                    case "queue" -> true;
                    case "register" -> false;
                    default -> throw a.refused("argument 'via': take queue or register");
                };
        boolean waits = a.optional("wait").isEmpty() || a.flag("wait");
        return new Command.Invalidate(a.word("unit"), what, viaQueue, waits);
    }
}
