import { Failure } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { HandlerContext } from './context.ts';
import { keepTopicRule, TopicRule, topicRuleOf } from '../topic-rule.ts';

export function accessHandlers(station: HandlerContext): HandlersOf<'access'> {
  const live = (): LiveStation => station.live();

  return {
    'access.show': () => live().access(),
    'access.topicRule': ({ rule: text, anyway }, caller) => {
      const { store, settings, certificates } = live().registry;
      const [before, rule] = [topicRuleOf(settings), new TopicRule(text)];
      const devices = certificates.countAdmitted();
      if (rule.text !== before.text) {
        if (devices > 0 && !anyway) throw new Failure('TOPIC_RULE_IN_USE', { devices, rule: before.text });
        store.transaction(() => {
          keepTopicRule(settings, rule);
          store.audit(caller.name, 'access.topicRule', rule.text, { before: before.text, devices });
        });
        live().topicRuleChanged();
      }
      return live().access();
    },
  };
}
