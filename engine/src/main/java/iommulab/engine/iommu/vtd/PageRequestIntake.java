package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.PageResponse;

import org.jspecify.annotations.Nullable;

/// What a VT-d unit does with a page request: it writes it down for software, or answers at once.
/// Spec: VT-d, "Page Request Service".
final class PageRequestIntake {
    private final VtdUnit unit;

    PageRequestIntake(VtdUnit unit) {
        this.unit = unit;
    }

    /// See [iommulab.engine.iommu.AtsIommu#requestPage].
    ///
    /// @param scalable scalable mode, null if it is not in force
    /// @return the fault that was recorded, null if none was
    @Nullable VtdFault take(PageRequest request, @Nullable ScalableMode scalable) {
        begin(request);
        if (!unit.isTranslating()) {
            answer(request, PageResponse.FAILURE);
            return null;
        }
        if (scalable == null) {
            return refuse(VtdFault.PAGE_REQUEST_IN_LEGACY_MODE, false, request);
        }
        long context = scalable.context(request.requester());
        if (context == DeviceEntryCache.MISS) {
            answer(request, PageResponse.FAILURE);
            return unit.lastFault();
        }
        return takeUnder(context, request);
    }

    private void begin(PageRequest request) {
        unit.lastIova = request.iova();
        unit.lastWho = (long) request.prefix().pasid() << 32 | request.requester();
        // A page request is no read: T of its fault record is 0.
        unit.lastFacts = VtdUnit.WRITE | VtdUnit.NO_SPACE;
    }

    private @Nullable VtdFault takeUnder(long context, PageRequest request) {
        var fault = blocked(context, request);
        if (fault != null) {
            return refuse(fault, ScalableContext.isPackedSilent(context), request);
        }
        if (!unit.pageRequests().take(request)) {
            // The device tries again, does not find the page, and asks again.
            answer(request, PageResponse.SUCCESS);
        }
        return null;
    }

    private static @Nullable VtdFault blocked(long context, PageRequest request) {
        int pasid = request.prefix().pasid();
        if (!ScalableContext.takesPageRequests(context)) {
            return VtdFault.PAGE_REQUESTS_OFF;
        }
        if (pasid < 0) {
            return null;
        }
        if (!ScalableContext.takesPasids(context)) {
            return VtdFault.PASIDS_OFF;
        }
        return ScalableContext.reaches(context, pasid) ? null : VtdFault.PASID_TOO_LARGE;
    }

    private VtdFault refuse(VtdFault fault, boolean silent, PageRequest request) {
        int rights = request.prefix().execute() ? VtdUnit.EXECUTE : 0;
        int privilege = request.prefix().privileged() ? VtdUnit.PRIVILEGED : 0;
        long kind = FaultRecording.kind(request.prefix().pasid(), rights | privilege);
        unit.stop(fault, VtdUnit.STAGE_DEVICE, silent, kind | FaultRecording.PAGE_REQUEST);
        answer(request, PageResponse.INVALID_REQUEST);
        return fault;
    }

    /// A group gets its answer when it is complete.
    private void answer(PageRequest request, PageResponse response) {
        if (request.last()) {
            unit.messages()
                    .respond(
                            request.requester(),
                            request.prefix().pasid(),
                            request.group(),
                            response);
        }
    }
}
