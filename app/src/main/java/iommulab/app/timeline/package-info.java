/// The drawer: time as a place. Timeline, transcript, events and faults of one machine.
package iommulab.app.timeline;
