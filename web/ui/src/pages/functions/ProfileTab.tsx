import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { type ProfileInfo, useFunctionProfiles, useProfile } from '../../api/functions';
import { FlameGraph } from '../../components/FlameGraph';
import { Panel } from '../../components/Panel';
import { ProfileDownload } from '../../components/ProfileDownload';
import { Empty, Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import type { Change } from '../../components/use-view';
import { parseInstant } from '../../units';
import { TraceLink } from './cells';
import classes from './functions.module.css';
import own from './Profile.module.css';
import type { FUNCTION, FunctionState } from './view';

type Props = {
  name: string;
  state: FunctionState;
  change: Change<typeof FUNCTION>;
  replace: Change<typeof FUNCTION>;
};

const idOf = ({ traceId, spanId }: ProfileInfo) => `${traceId}/${spanId}`;

/** The function's CPU profiles, and the chosen one as a flame graph. */
export function ProfileTab({ name, state, change, replace }: Props) {
  const { t } = useTranslation();
  const profiles = useFunctionProfiles(name, useRange());
  const list = (profiles.data ?? []).filter(
    ({ version, traceId, spanId }) => traceId && spanId && (!state.version || version === state.version),
  );
  const newest = list[0];
  const chosen = state.profile;
  // One is shown at once; which one then stands in the address like one that was chosen.
  useEffect(() => {
    if (!chosen && newest) replace({ profile: idOf(newest) });
  }, [chosen, newest, replace]);
  return (
    <Result
      query={profiles}
      height={360}
      isEmpty={() => list.length === 0 && !chosen}
      empty={
        <Empty title={t('fn.noProfiles')}>
          <span>{t('fn.noProfilesHint')}</span>
        </Empty>
      }
    >
      {() => (
        <div className={own.split}>
          <Panel title={t('fn.profiles')}>
            <ol className={own.list}>
              {list.map((profile) => (
                <Item
                  key={`${idOf(profile)} ${profile.timeNs}`}
                  profile={profile}
                  chosen={idOf(profile) === chosen}
                  onChoose={() => change({ profile: idOf(profile), frame: undefined })}
                />
              ))}
            </ol>
          </Panel>
          {chosen ? (
            <Chosen
              id={chosen}
              frame={state.frame ?? ''}
              onFrame={(frame) => change({ frame: frame || undefined })}
            />
          ) : (
            <Empty title={t('fn.chooseProfile')} />
          )}
        </div>
      )}
    </Result>
  );
}

type ItemProps = { profile: ProfileInfo; chosen: boolean; onChoose: () => void };

function Item({ profile, chosen, onChoose }: ItemProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const samples = profile.attributes.find(({ key }) => key === 'weft.profile.samples')?.value;
  return (
    <li>
      <button type="button" className={own.item} aria-current={chosen || undefined} onClick={onChoose}>
        <span className={classes.nowrap}>{format.instantShort(parseInstant(profile.timeNs))}</span>
        <span className={classes.dim}>
          {samples !== undefined
            ? t('cpuProfile.samples', { count: Number(samples) })
            : format.bytes(profile.bytes)}
          {profile.version && ` · ${profile.version}`}
        </span>
      </button>
    </li>
  );
}

type ChosenProps = { id: string; frame: string; onFrame: (frame: string) => void };

function Chosen({ id, frame, onFrame }: ChosenProps) {
  const { t } = useTranslation();
  const [traceId = '', spanId = ''] = id.split('/');
  const profile = useProfile(traceId, spanId);
  return (
    <Panel
      title={t('fn.tab.profile')}
      tools={
        <>
          <TraceLink
            traceId={traceId}
            spanId={spanId}
            text={t('fn.trace')}
            label={`${t('fn.trace')} ${traceId}`}
          />
          <ProfileDownload traceId={traceId} spanId={spanId} />
        </>
      }
    >
      <Result query={profile} height={320}>
        {(graph) => <FlameGraph key={id} graph={graph} frame={frame} onFrame={onFrame} />}
      </Result>
    </Panel>
  );
}
