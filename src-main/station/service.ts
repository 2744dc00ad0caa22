import type { SignerClient } from '../contract/index.ts';
import { serve } from '../service-host/index.ts';
import { systemClock } from './clock.ts';
import { StationConfig } from './config.ts';
import { Station } from './station.ts';

/** The station service: the same file as a utilityProcess of the app and as a child process of the command line. */
serve(({ config, emit, peer }) => Station.start(StationConfig.parse(config), peer as SignerClient, systemClock, emit));
