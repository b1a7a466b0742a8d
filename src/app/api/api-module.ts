import { Module, type DynamicModule } from "@nestjs/common";
import type { DaemonView } from "../status/daemon-view.ts";
import { ControlsController } from "./controls-controller.ts";
import { DaemonController, type MetricsText } from "./daemon-controller.ts";
import { DecisionsController } from "./decisions-controller.ts";
import { EventStream } from "./event-stream.ts";
import { MarksController } from "./marks-controller.ts";
import { MoneyController } from "./money-controller.ts";
import { TargetsController } from "./targets-controller.ts";
import { TrafficController } from "./traffic-controller.ts";
import { DAEMON_VIEW, EVENT_STREAM, METRICS_TEXT } from "./tokens.ts";

export interface ApiParts {
  readonly view: DaemonView;
  readonly metrics: MetricsText | undefined;
}

/** The API's one module. */
@Module({})
export class ApiModule {
  static of({ view, metrics }: ApiParts): DynamicModule {
    return {
      module: ApiModule,
      controllers: [TargetsController, DecisionsController, ControlsController, MarksController, DaemonController, MoneyController, TrafficController],
      providers: [
        { provide: DAEMON_VIEW, useFactory: () => view },
        { provide: EVENT_STREAM, useFactory: () => new EventStream(view) },
        { provide: METRICS_TEXT, useFactory: () => metrics },
      ],
    };
  }
}
