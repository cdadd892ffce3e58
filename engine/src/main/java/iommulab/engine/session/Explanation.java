package iommulab.engine.session;

import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.Route;

import java.util.List;
import java.util.Optional;

/// What the hardware would do with a request, step by step, without doing it.
final class Explanation {
    private Explanation() {}

    /// @throws CommandRefused (ENODEV) no such function, (EOPNOTSUPP) below an IOMMU that is not executed,
    ///     (EINVAL) a request that crosses a page
    static Walk of(Machine machine, WalkQuestion question) throws CommandRefused {
        var function = question.function();
        CommandRunner.function(machine, function);
        CommandRunner.requireTranslatable(machine, function);
        CommandRunner.requireWithinPage(question.iova(), question.bytes());
        var origin = machine.path.originOf(function);
        // A question goes up to the root complex, whatever the address.
        var route =
                question.type() == AddressType.TRANSLATION_REQUEST
                        ? new Route.Upstream(origin.route().requester(), List.of())
                        : machine.wiring()
                                .fabric()
                                .route(function, question.iova(), question.type());
        var request =
                new DmaRequest(
                        function,
                        origin.route().requester(),
                        question.prefix(),
                        question.iova(),
                        question.bytes(),
                        question.access());
        return switch (route) {
            case Route.Peer(var target, var turn, _, var reason) ->
                    notTranslated(
                            request,
                            "It turns at %s and reaches %s; the IOMMU never sees it: %s"
                                    .formatted(turn, target, reason),
                            Optional.of(question.iova()));
            case Route.Blocked(var port, var reason) ->
                    notTranslated(
                            request, "%s stops it: %s".formatted(port, reason), Optional.empty());
            case Route.Upstream _ -> {
                var unit = origin.unit();
                yield unit == null
                        ? notTranslated(
                                request,
                                "No IOMMU translates this function.",
                                Optional.of(question.iova()))
                        : atUnit(machine, question, request, unit);
            }
        };
    }

    private static Walk atUnit(
            Machine machine, WalkQuestion question, DmaRequest request, Unit unit)
            throws CommandRefused {
        var ladder = new DeviceTlbLadder(machine, unit, question.withCaches());
        return switch (question.type()) {
            case TRANSLATION_REQUEST -> ladder.ask(request);
            case TRANSLATED -> ladder.translated(request);
            case UNTRANSLATED -> {
                var device = machine.deviceTlbs.deviceOf(question.function());
                yield device != null
                        ? ladder.explain(request, device.tlb())
                        : unit.hardware()
                                .explain(
                                        unit.name(),
                                        request,
                                        machine.costs.walkCosts(),
                                        question.withCaches());
            }
        };
    }

    private static Walk notTranslated(DmaRequest request, String why, Optional<Long> hpa) {
        return new Walk(
                "",
                request.device(),
                request.requester(),
                request.iova(),
                request.bytes(),
                request.access(),
                request.prefix(),
                -1,
                0,
                List.of(),
                new Walk.Outcome.NotTranslated(why, hpa),
                0,
                0);
    }
}
